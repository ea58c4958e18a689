#include "lib/say.h"
#include "lib/kernel.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

__attribute__((format(printf, 1, 0))) static void print_line(const char *format, va_list arguments) {
  char line[256];
  int length = snprintf(line, sizeof line, "%s: ", program_invocation_short_name);
  length += vsnprintf(line + length, sizeof line - (size_t)length, format, arguments);
  if (length > (int)sizeof line - 2)
    length = sizeof line - 2;
  line[length++] = '\n';
  kernel_print(HANDLE_MACHINE, line, (size_t)length);
}

void say(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print_line(format, arguments);
  va_end(arguments);
}

_Noreturn void die(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print_line(format, arguments);
  va_end(arguments);
  exit(1);
}
