#include "uart.h"
#include "vm.h"

enum reg {
  DATA = 0,
  INTERRUPT_ENABLE = 1,
  FIFO_CONTROL = 2,
  LINE_CONTROL = 3,
  MODEM_CONTROL = 4,
  LINE_STATUS = 5
};

#define INTERRUPT_ENABLE_RECEIVED 0x01
#define FIFO_CONTROL_ENABLE       0x01
#define LINE_CONTROL_8_BITS       0x03
#define MODEM_CONTROL_READY       0x0b // DTR, RTS, and OUT2, which on some boards lets the interrupt through
#define LINE_STATUS_RECEIVED      0x01
#define LINE_STATUS_ROOM          0x20

static volatile uint8_t *registers;
static uint64_t shift; // registers are 2^shift bytes apart

static volatile uint8_t *at(enum reg reg) { return registers + ((uint64_t)reg << shift); }

bool uart_open(fdt_node node) {
  struct fdt_range range;
  bool is_16550 = fdt_lists(node, "compatible", "ns16550a") || fdt_lists(node, "compatible", "ns16550");
  if (!is_16550 || !fdt_is_enabled(node) || !fdt_reg(node, 0, &range))
    return false;
  shift = fdt_number(node, "reg-shift", 0);
  registers = vm_map_device(range.address, range.bytes);
  *at(LINE_CONTROL) = LINE_CONTROL_8_BITS; // the speed is the firmware's choice
  *at(INTERRUPT_ENABLE) = 0;
  *at(FIFO_CONTROL) = FIFO_CONTROL_ENABLE;
  return true;
}

void uart_enable_interrupt(void) {
  *at(MODEM_CONTROL) = MODEM_CONTROL_READY;
  *at(INTERRUPT_ENABLE) = INTERRUPT_ENABLE_RECEIVED;
}

void uart_write(char byte) {
  while ((*at(LINE_STATUS) & LINE_STATUS_ROOM) == 0) {
  }
  *at(DATA) = (uint8_t)byte;
}

int uart_read(void) { return (*at(LINE_STATUS) & LINE_STATUS_RECEIVED) != 0 ? *at(DATA) : -1; }
