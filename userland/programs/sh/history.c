#include "history.h"
#include "variables.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES 500

static char *lines[LINES]; // a ring
static int total;          // how many there ever were; the newest is at (total - 1) % LINES

const char *history_line(int steps) {
  bool is_there = steps >= 1 && steps <= LINES && steps <= total;
  return is_there ? lines[(total - steps) % LINES] : NULL;
}

static bool remember(const char *line) {
  const char *newest = history_line(1);
  if (*line == 0 || *line == ' ' || (newest != NULL && strcmp(newest, line) == 0))
    return false;
  char *copy = strdup(line);
  if (copy == NULL)
    return false;
  free(lines[total % LINES]);
  lines[total++ % LINES] = copy;
  return true;
}

static FILE *open_file(const char *mode) {
  const char *path = variable_get("HISTFILE");
  return path == NULL || *path == 0 ? NULL : fopen(path, mode);
}

void history_start(void) {
  FILE *file = open_file("re");
  char *line = NULL;
  size_t room = 0;
  while (file != NULL && getline(&line, &room, file) >= 0) {
    line[strcspn(line, "\n")] = 0;
    remember(line);
  }
  free(line);
  if (file != NULL)
    fclose(file);
}

void history_add(const char *line) {
  FILE *file = remember(line) ? open_file("ae") : NULL;
  if (file == NULL)
    return;
  fprintf(file, "%s\n", line);
  fclose(file);
}

int history_command(int count, char **arguments) {
  (void)count, (void)arguments;
  for (int steps = total < LINES ? total : LINES; steps > 0; steps--)
    printf("%5d  %s\n", total - steps + 1, history_line(steps));
  return 0;
}
