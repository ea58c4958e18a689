// Prints a line, sleeps, prints a line: a process that is blocked nearly all the time.

#include "print.h"
#include "program.h"
#include "string.h"
#include "system.h"

int main(int count, const char *const arguments[]) {
  uint64_t ticks = 5, milliseconds = 500;
  if (count > 3 || (count > 1 && !parse_number(arguments[1], 1000000, &ticks)) ||
      (count > 2 && !parse_number(arguments[2], 1000000, &milliseconds))) {
    print("usage: ticker [TICKS [MILLISECONDS]], at most 1000000 each\n");
    return 2;
  }
  for (uint64_t tick = 1; tick <= ticks; tick++) {
    sleep_microseconds(milliseconds * 1000);
    print("ticker %ld: %lu of %lu\n", process_id(), tick, ticks);
  }
  return 0;
}
