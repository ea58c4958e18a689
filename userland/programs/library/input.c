#include "input.h"
#include <err.h>
#include <stdlib.h>
#include <string.h>

static int use_one(const char *name, int (*use)(FILE *file, const char *name)) {
  if (strcmp(name, "-") == 0)
    return use(stdin, "standard input");
  FILE *file = fopen(name, "re");
  if (file == NULL) {
    warn("%s", name);
    return 1;
  }
  int status = use(file, name);
  if (ferror(file)) {
    warn("%s", name);
    status = status > 1 ? status : 1;
  }
  fclose(file);
  return status;
}

int for_each_input(char **names, int (*use)(FILE *file, const char *name)) {
  static char *standard_input[] = {(char *)"-", NULL};
  int status = 0;
  for (char **name = *names == NULL ? standard_input : names; *name != NULL; name++) {
    int result = use_one(*name, use);
    status = result > status ? result : status;
  }
  return status;
}

char *next_line(FILE *file) {
  static char *line;
  static size_t room;
  ssize_t length = getline(&line, &room, file);
  if (length < 0)
    return NULL;
  if (length > 0 && line[length - 1] == '\n')
    line[length - 1] = 0;
  return line;
}
