// Runs the workload, checks it, prints one line of results and powers off.

#include "machine.h"

#define UART                ((volatile uint8_t *)0x10000000)
#define UART_LINE_STATUS    5
#define UART_TRANSMIT_EMPTY 0x20
#define POWER               ((volatile uint32_t *)0x100000)
#define POWER_PASS          0x5555
#define POWER_FAIL          0x3333

enum { STATUS_WRONG_CHECKSUM = 1, STATUS_UNEXPECTED_TRAP = 2 };

// Placed by the linker script.
extern const uint64_t iterations;

static uint64_t counted_elsewhere;

static void print_char(char c) {
  while ((UART[UART_LINE_STATUS] & UART_TRANSMIT_EMPTY) == 0)
    ;
  UART[0] = (uint8_t)c;
}

void print(const char *text) {
  while (*text != 0)
    print_char(*text++);
}

void print_hex(uint64_t value) {
  print("0x");
  for (int shift = 60; shift >= 0; shift -= 4)
    print_char("0123456789abcdef"[value >> shift & 15]);
}

void print_decimal(uint64_t value) {
  char digits[21];
  char *first = digits + sizeof digits - 1;
  *first = 0;
  do {
    *--first = (char)('0' + value % 10);
    value /= 10;
  } while (value != 0);
  print(first);
}

void count_instructions(uint64_t instructions) {
  __atomic_fetch_add(&counted_elsewhere, instructions, __ATOMIC_RELAXED);
}

_Noreturn void power_off(uint32_t status) {
  *POWER = status == 0 ? POWER_PASS : POWER_FAIL | status << 16;
  for (;;)
    ;
}

_Noreturn void unexpected_trap(uint64_t cause, uint64_t pc, uint64_t value) {
  print(workload.name);
  print(": unexpected trap, cause ");
  print_hex(cause);
  print(" pc ");
  print_hex(pc);
  print(" value ");
  print_hex(value);
  print("\n");
  power_off(STATUS_UNEXPECTED_TRAP);
}

_Noreturn void first_hart(void) {
  if (workload.prepare)
    workload.prepare();
  uint64_t before = instructions_retired();
  uint64_t checksum = workload.checksum;
  for (uint64_t i = 0; i < iterations && checksum == workload.checksum; i++)
    checksum = workload.run();
  uint64_t instructions = instructions_retired() - before + counted_elsewhere;

  print(workload.name);
  print(": checksum ");
  print_hex(checksum);
  print(" instructions ");
  print_decimal(instructions);
  if (checksum != workload.checksum) {
    print(" WRONG, expected ");
    print_hex(workload.checksum);
  }
  print("\n");
  power_off(checksum == workload.checksum ? 0 : STATUS_WRONG_CHECKSUM);
}

void other_hart(uint64_t hart) {
  if (workload.run_other_hart)
    workload.run_other_hart(hart);
}
