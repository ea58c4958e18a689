#include "usage.h"
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

void usage(const char *text) {
  fprintf(stderr, "usage: %s\n", text);
  exit(2);
}

void finish(int status) {
  if (fflush(stdout) != 0 || ferror(stdout))
    err(1, "standard output");
  exit(status);
}
