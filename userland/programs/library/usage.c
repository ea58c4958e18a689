#include "usage.h"
#include <err.h>
#include <stdarg.h>
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

void complain_as(const char *name, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fflush(stdout);
  fprintf(stderr, "%s: ", name);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
}
