#include "payload.h"

// The UART's modem control register and its bit that returns what is sent.
#define UART_MCR 4
#define MCR_LOOP 0x10

enum function { WRITE, READ, WRITE_BYTE };

static void set_loopback(bool on) { *(volatile uint8_t *)(UART + UART_MCR) = on ? MCR_LOOP : 0; }

static void check_refused(unsigned long bytes, unsigned long low, unsigned long high) {
  check_equal(sbi(DBCN, WRITE, bytes, low, high).error, INVALID_PARAM);
  check_equal(sbi(DBCN, READ, bytes, low, high).error, INVALID_PARAM);
}

void test_dbcn(void) {
  static const char greeting[] = "debug console\r\n";
  size_t written = 0;
  while (written < sizeof greeting - 1) {
    struct sbi_result result = sbi(DBCN, WRITE, sizeof greeting - 1 - written, greeting + written);
    check_equal(result.error, SUCCESS);
    check(result.value <= sizeof greeting - 1 - written);
    written += result.value;
  }
  check_equal(sbi(DBCN, WRITE, 0, greeting).value, 0);

  check_refused(1, FIRMWARE, 0);
  check_refused(2, FIRMWARE - 1, 0);
  check_refused(1, FIRMWARE + 0x1ffff, 0);
  check_refused(0x7fffffff, 0x80200000, 0);
  check_refused(1, UART, 0);
  check_refused(1, 0, 0);
  check_refused(16, (unsigned long)greeting, 1);
  check_refused(-1ul, 0x80200000, 0);
  check_refused(0x10, -8ul, 0);

  char bytes[4] = {'.', '.', '.', '.'};
  check_equal(sbi(DBCN, READ, sizeof bytes, bytes).error, SUCCESS);
  set_loopback(true);
  struct sbi_result byte = sbi(DBCN, WRITE_BYTE, 'a');
  struct sbi_result rest = sbi(DBCN, WRITE, 2, "bc");
  struct sbi_result read = sbi(DBCN, READ, sizeof bytes, bytes);
  struct sbi_result none = sbi(DBCN, READ, sizeof bytes, bytes);
  sbi(CONSOLE_PUTCHAR, 0, 'z');
  long got = sbi(CONSOLE_GETCHAR, 0).error;
  long nothing = sbi(CONSOLE_GETCHAR, 0).error;
  set_loopback(false);

  check_equal(byte.error, SUCCESS);
  check_equal(byte.value, 0);
  check_equal(read.error, SUCCESS);
  check_equal(read.value, 1 + rest.value);
  check_equal(bytes[0], 'a');
  check_equal(bytes[1], rest.value > 0 ? 'b' : '.');
  check_equal(bytes[2], rest.value > 1 ? 'c' : '.');
  check_equal(bytes[3], '.');
  check_equal(none.error, SUCCESS);
  check_equal(none.value, 0);
  check_equal(got, 'z');
  check_equal(nothing, -1);
  check_equal(sbi(DBCN, 3).error, NOT_SUPPORTED);
}
