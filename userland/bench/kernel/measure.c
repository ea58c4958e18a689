#include "measure.h"
#include "lib/kernel.h"
#include <stdio.h>

__attribute__((format(printf, 1, 2))) static void print_line(const char *format, ...) {
  char line[160];
  __builtin_va_list arguments;
  __builtin_va_start(arguments, format);
  int length = vsnprintf(line, sizeof line, format, arguments);
  __builtin_va_end(arguments);
  kernel_print(HANDLE_MACHINE, line, (size_t)length);
}

void measured_sums(const char *name, struct moment sums, uint64_t count) {
  print_line("measured %s,%lu,%lu,%lu\n", name, sums.instructions, sums.ticks, count);
}

void measured(const char *name, struct moment since, uint64_t count) {
  struct moment now = moment_now();
  now.instructions -= since.instructions;
  now.ticks -= since.ticks;
  measured_sums(name, now, count);
}

uint64_t require(int64_t result, const char *what) {
  if (result < 0) {
    print_line("failed: %s: error %ld\n", what, (long)result);
    kernel_power(HANDLE_MACHINE, POWER_OFF, 1);
  }
  return (uint64_t)result;
}
