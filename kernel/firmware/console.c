#include "console.h"
#include "board.h"
#include "mmio.h"
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>

enum uart_register { UART_DATA = 0, UART_IER = 1, UART_FCR = 2, UART_LCR = 3, UART_LSR = 5 };

#define FCR_ENABLE_AND_CLEAR  0x07
#define LCR_8_DATA_BITS       0x03
#define LSR_DATA_READY        0x01
#define LSR_TRANSMITTER_READY 0x20

static atomic_flag writing = ATOMIC_FLAG_INIT;

bool console_exists(void) { return board.uart != 0; }

static uint8_t status(void) { return mmio_read8(board.uart + UART_LSR); }

void console_open(void) {
  if (!console_exists())
    return;
  mmio_write8(board.uart + UART_IER, 0);
  mmio_write8(board.uart + UART_LCR, LCR_8_DATA_BITS);
  mmio_write8(board.uart + UART_FCR, FCR_ENABLE_AND_CLEAR);
}

void console_put(char byte) {
  if (!console_exists())
    return;
  while ((status() & LSR_TRANSMITTER_READY) == 0)
    ;
  mmio_write8(board.uart + UART_DATA, (uint8_t)byte);
}

size_t console_write(const char *bytes, size_t length) {
  while (atomic_flag_test_and_set_explicit(&writing, memory_order_acquire))
    ;
  size_t written = 0;
  for (; written < length && (status() & LSR_TRANSMITTER_READY) != 0; written++)
    mmio_write8(board.uart + UART_DATA, (uint8_t)bytes[written]);
  atomic_flag_clear_explicit(&writing, memory_order_release);
  return written;
}

int console_get(void) {
  if (!console_exists() || (status() & LSR_DATA_READY) == 0)
    return -1;
  return mmio_read8(board.uart + UART_DATA);
}

static void print_text(const char *text) {
  for (; *text != '\0'; text++)
    console_put(*text);
}

static void print_number(uint64_t number, unsigned base) {
  char digits[21];
  char *first = &digits[sizeof digits - 1];
  *first = '\0';
  do {
    *--first = "0123456789abcdef"[number % base];
    number /= base;
  } while (number != 0);
  print_text(first);
}

void print(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  for (; *format != '\0'; format++) {
    if (*format == '\n')
      console_put('\r');
    if (*format != '%') {
      console_put(*format);
      continue;
    }
    bool is_long = *++format == 'l';
    if (is_long)
      format++;
    if (*format == 's')
      print_text(va_arg(arguments, const char *));
    else if (*format == 'c')
      console_put((char)va_arg(arguments, int));
    else
      print_number(is_long ? va_arg(arguments, unsigned long) : va_arg(arguments, unsigned),
                   *format == 'x' ? 16 : 10);
  }
  va_end(arguments);
}
