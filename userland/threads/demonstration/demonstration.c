#include "demonstration.h"
#include "thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void require(_Bool condition, const char *message) {
  if (condition)
    return;
  fprintf(stderr, "%s\n", message);
  exit(EXIT_FAILURE);
}

void verdict(const char *key, _Bool good) { printf("%s: %s\n", key, good ? "ok" : "FAILED"); }

static int show(void *argument) {
  const char *what = argument;
  // Even when the output is a pipe, lines should appear before the next catastrophe.
  setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
  if (what == NULL) {
    printf("model: %s\n", threads_model());
    show_blocking_read();
    show_bounded_buffer();
    show_independence();
    show_costs();
  } else if (strcmp(what, "deadlock") == 0)
    deadlock();
  else if (strcmp(what, "overflow") == 0)
    overflow();
  else {
    fprintf(stderr, "I know \"deadlock\" and \"overflow\", not \"%s\"\n", what);
    return 2;
  }
  return 0;
}

_Noreturn void demonstrate(char *what) { threads_run(show, what); }
