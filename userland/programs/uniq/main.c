// Prints lines that repeat the one before only once.

#include "input.h"
#include "usage.h"
#include <err.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static bool counts, only_repeated, only_single, ignores_case;

static void print(const char *line, unsigned long times) {
  if (line == NULL || (only_repeated && times < 2) || (only_single && times > 1))
    return;
  if (counts)
    printf("%7lu ", times);
  puts(line);
}

static int filter(FILE *file, const char *name) {
  (void)name;
  char *before = NULL;
  unsigned long times = 0;
  for (char *line; (line = next_line(file)) != NULL;) {
    if (before != NULL && (ignores_case ? strcasecmp : strcmp)(before, line) == 0) {
      times++;
      continue;
    }
    print(before, times);
    free(before);
    before = strdup(line);
    times = 1;
    if (before == NULL)
      err(1, "out of memory");
  }
  print(before, times);
  free(before);
  return 0;
}

int main(int count, char **arguments) {
  int option;
  while ((option = getopt(count, arguments, "cdiu")) != -1) {
    if (option == '?')
      usage("uniq [-cdiu] [FILE]");
    counts = counts || option == 'c';
    only_repeated = only_repeated || option == 'd';
    ignores_case = ignores_case || option == 'i';
    only_single = only_single || option == 'u';
  }
  if (count - optind > 1)
    usage("uniq [-cdiu] [FILE]");
  finish(for_each_input(arguments + optind, filter));
}
