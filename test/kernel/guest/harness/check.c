#include "harness/check.h"
#include <stdarg.h>
#include <stdio.h>

#define FAILURES_SHOWN 20

static unsigned checks, failures;

void print_line(const char *format, ...) {
  char line[200];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line - 1, format, arguments);
  va_end(arguments);
  if (length > (int)sizeof line - 2)
    length = (int)sizeof line - 2;
  line[length++] = '\n';
  kernel_print(HANDLE_MACHINE, line, (size_t)length);
}

static bool note(bool holds) {
  __atomic_fetch_add(&checks, 1, __ATOMIC_RELAXED);
  return !holds && __atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED) < FAILURES_SHOWN;
}

bool check_holds(bool condition, const char *file, int line, const char *text) {
  if (note(condition))
    print_line("FAILED %s:%d: %s", file, line, text);
  return condition;
}

bool check_values(int64_t actual, int64_t expected, const char *file, int line, const char *text) {
  if (note(actual == expected))
    print_line("FAILED %s:%d: %s is %lld (%llx), not %lld", file, line, text, (long long)actual,
               (unsigned long long)actual, (long long)expected);
  return actual == expected;
}

_Noreturn void finish(const char *subject) {
  print_line("%s: %u checks, %u failed", subject, checks, failures);
  kernel_power(HANDLE_MACHINE, POWER_OFF, failures > 0);
  for (;;)
    kernel_yield();
}

struct system_info inventory(void) {
  struct system_info info;
  check_equal(kernel_inspect(HANDLE_MACHINE, INSPECT_SYSTEM, 0, &info, sizeof info), sizeof info);
  return info;
}

bool check_inventory_at(const struct system_info *before, const char *file, int line) {
  struct system_info now = inventory();
  const struct {
    const char *name;
    uint64_t before, now;
  } counts[] = {
      {"processes", before->processes, now.processes},
      {"threads", before->threads, now.threads},
      {"capabilities", before->capabilities, now.capabilities},
      {"endpoints", before->endpoints, now.endpoints},
      {"notifications", before->notifications, now.notifications},
      {"ports", before->ports, now.ports},
      {"memories", before->memories, now.memories},
      {"timers", before->timers, now.timers},
      {"free bytes", before->free_bytes, now.free_bytes},
  };
  bool same = true;
  for (unsigned i = 0; i < sizeof counts / sizeof counts[0]; i++)
    same =
        check_values((int64_t)counts[i].now, (int64_t)counts[i].before, file, line, counts[i].name) && same;
  return same;
}
