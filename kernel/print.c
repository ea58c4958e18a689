#include "print.h"
#include "power.h"
#include "sbi.h"
#include "string.h"
#include <stdarg.h>

static void write_bytes(const char *bytes, uint64_t count) {
  for (uint64_t i = 0; i < count; i++) {
    if (bytes[i] == '\n')
      sbi_console_write('\r');
    sbi_console_write(bytes[i]);
  }
}

static void put_string(const char *string) { write_bytes(string, string_length(string)); }

static void put_number(uint64_t value, unsigned base, unsigned least_digits) {
  char digits[20]; // of 2^64 - 1 in decimal
  unsigned at = sizeof digits;
  do {
    digits[--at] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value != 0 || sizeof digits - at < least_digits);
  write_bytes(digits + at, sizeof digits - at);
}

static void print_list(const char *format, va_list arguments) {
  for (; *format != 0; format++) {
    if (*format != '%') {
      write_bytes(format, 1);
      continue;
    }
    bool is_long = format[1] == 'l';
    format += is_long ? 2 : 1;
    switch (*format) {
    case 's':
      put_string(va_arg(arguments, const char *));
      break;
    case 'u':
      put_number(is_long ? va_arg(arguments, uint64_t) : va_arg(arguments, unsigned), 10, 1);
      break;
    case 'x':
      put_number(is_long ? va_arg(arguments, uint64_t) : va_arg(arguments, unsigned), 16, 1);
      break;
    case 'p':
      put_string("0x");
      put_number(va_arg(arguments, uint64_t), 16, 16);
      break;
    default:
      write_bytes(format, 1);
    }
  }
}

void print(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print_list(format, arguments);
  va_end(arguments);
}

void panic(const char *format, ...) {
  static bool panicking;
  if (!panicking) { // a panic in the middle of printing one must not print forever
    panicking = true;
    print("\nkernel panic: ");
    va_list arguments;
    va_start(arguments, format);
    print_list(format, arguments);
    va_end(arguments);
    print("\n");
  }
  power_off(1);
}
