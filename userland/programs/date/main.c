// Prints the date and the time.

#include "usage.h"
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int main(int count, char **arguments) {
  time_t now = time(NULL);
  bool is_universal = false;
  int option;
  while ((option = getopt(count, arguments, "d:u")) != -1) {
    if (option == 'u') {
      is_universal = true;
    } else if (option == 'd' && *optarg == '@') {
      now = (time_t)atoll(optarg + 1);
    } else {
      usage("date [-u] [-d @SECONDS] [+FORMAT]");
    }
  }
  const char *format = "%a %b %e %H:%M:%S %Z %Y";
  if (optind < count) {
    if (*arguments[optind] != '+')
      usage("date [-u] [-d @SECONDS] [+FORMAT]");
    format = arguments[optind] + 1;
  }
  const struct tm *parts = is_universal ? gmtime(&now) : localtime(&now);
  char text[512];
  if (parts == NULL || (strftime(text, sizeof text, format, parts) == 0 && *format != 0))
    errx(1, "the date does not fit");
  puts(*format == 0 ? "" : text);
  finish(0);
}
