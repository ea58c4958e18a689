// Waits for some seconds.

#include "usage.h"
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double parse_seconds(const char *text) {
  static const char units[] = "smhd";
  static const double factors[] = {1, 60, 3600, 86400};
  char *end;
  double seconds = strtod(text, &end);
  const char *unit = *end == 0 ? units : strchr(units, *end);
  if (end == text || unit == NULL || (*end != 0 && end[1] != 0) || !(seconds >= 0) || seconds > 1e12)
    errx(2, "%s is not a time", text);
  return seconds * factors[unit - units];
}

int main(int count, char **arguments) {
  if (count < 2)
    usage("sleep SECONDS...");
  double seconds = 0;
  for (int i = 1; i < count; i++)
    seconds += parse_seconds(arguments[i]);
  struct timespec rest = {.tv_sec = (time_t)seconds};
  rest.tv_nsec = (long)((seconds - (double)rest.tv_sec) * 1e9);
  while (nanosleep(&rest, &rest) != 0 && errno == EINTR)
    ;
  return 0;
}
