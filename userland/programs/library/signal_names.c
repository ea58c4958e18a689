#include "signal_names.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

// In the order of their numbers on riscv64 Linux, from 0.
static const char *const names[] = {
    "0",    "HUP",  "INT",  "QUIT", "ILL",    "TRAP",   "ABRT",  "BUS",  "FPE",  "KILL", "USR1",
    "SEGV", "USR2", "PIPE", "ALRM", "TERM",   "STKFLT", "CHLD",  "CONT", "STOP", "TSTP", "TTIN",
    "TTOU", "URG",  "XCPU", "XFSZ", "VTALRM", "PROF",   "WINCH", "IO",   "PWR",  "SYS",
};

#define NAME_COUNT ((int)(sizeof names / sizeof names[0]))

const char *signal_name(int number) {
  static char digits[12];
  if (number >= 0 && number < NAME_COUNT)
    return names[number];
  snprintf(digits, sizeof digits, "%d", number);
  return digits;
}

int signal_number(const char *name) {
  if (isdigit((unsigned char)*name)) {
    char *end;
    long number = strtol(name, &end, 10);
    return *end == 0 && number < 65 ? (int)number : -1;
  }
  if (strncasecmp(name, "SIG", 3) == 0)
    name += 3;
  for (int number = 1; number < NAME_COUNT; number++) {
    if (strcasecmp(names[number], name) == 0)
      return number;
  }
  return -1;
}

void print_signal_names(void) {
  for (int number = 1; number < NAME_COUNT; number++)
    printf("%2d %-8s%s", number, names[number], number % 7 == 0 || number == NAME_COUNT - 1 ? "\n" : "");
}
