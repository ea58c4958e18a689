// Prints a line, sleeps, prints a line: a process that is blocked nearly all the time.

#include "quantity.h"
#include "usage.h"
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(int count, char **arguments) {
  if (count > 3)
    usage("ticker [TICKS [MILLISECONDS]]");
  int64_t ticks = count > 1 ? parse_quantity(arguments[1], 0, "a number of ticks") : 5;
  int64_t milliseconds = count > 2 ? parse_quantity(arguments[2], 0, "a number of milliseconds") : 500;
  struct timespec pause = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
  for (int64_t tick = 1; tick <= ticks; tick++) {
    nanosleep(&pause, NULL);
    printf("ticker %d: %" PRId64 " of %" PRId64 "\n", getpid(), tick, ticks);
    fflush(stdout);
  }
  return 0;
}
