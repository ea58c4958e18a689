#include "uart.h"
#include "lib/kernel.h"
#include "lib/space.h"

enum reg { DATA, INTERRUPT_ENABLE, FIFO_CONTROL, LINE_CONTROL, MODEM_CONTROL, LINE_STATUS };

#define INTERRUPT_IDENTIFICATION FIFO_CONTROL // the same register, read

#define INTERRUPT_RECEIVED    0x01
#define INTERRUPT_TRANSMITTED 0x02
#define FIFO_ENABLE           0x01
#define LINE_8_BITS           0x03
#define MODEM_READY           0x0b // DTR, RTS, and OUT2, which on some boards lets the interrupt through
#define STATUS_RECEIVED       0x01
#define STATUS_ROOM           0x20 // the transmitter's FIFO is empty

#define FIFO_BYTES 16

#define QUEUE_BYTES 8192u // a power of two

static volatile uint8_t *registers;
static unsigned shift;
static uint8_t queue[QUEUE_BYTES];
static size_t queued, transmitted; // both count on for ever
static bool is_held, is_waiting;   // for the interrupt that says there is room

static volatile uint8_t *at(enum reg reg) { return registers + ((size_t)reg << shift); }

int64_t uart_open(handle_t memory, unsigned register_shift) {
  int64_t address = space_map(memory, 0, 1, MAP_READ | MAP_WRITE);
  if (address < 0)
    return address;
  registers = (volatile uint8_t *)address;
  shift = register_shift;
  *at(LINE_CONTROL) = LINE_8_BITS; // the speed is the firmware's choice
  *at(FIFO_CONTROL) = FIFO_ENABLE;
  *at(MODEM_CONTROL) = MODEM_READY;
  *at(INTERRUPT_ENABLE) = INTERRUPT_RECEIVED;
  return 0;
}

int uart_read(void) { return (*at(LINE_STATUS) & STATUS_RECEIVED) != 0 ? *at(DATA) : -1; }

size_t uart_room(void) { return QUEUE_BYTES - (queued - transmitted); }

void uart_write(uint8_t byte) { queue[queued++ % QUEUE_BYTES] = byte; }

// An interrupt when there is room, only while there is something to transmit.
static void wait_for_room(bool wait) {
  if (wait == is_waiting)
    return;
  is_waiting = wait;
  *at(INTERRUPT_ENABLE) = (uint8_t)(INTERRUPT_RECEIVED | (wait ? INTERRUPT_TRANSMITTED : 0));
}

void uart_transmit(void) {
  (void)*at(INTERRUPT_IDENTIFICATION); // reading it takes back the interrupt that there is room
  while (!is_held && queued != transmitted && (*at(LINE_STATUS) & STATUS_ROOM) != 0) {
    for (unsigned i = 0; i < FIFO_BYTES && queued != transmitted; i++)
      *at(DATA) = queue[transmitted++ % QUEUE_BYTES];
  }
  wait_for_room(!is_held && queued != transmitted);
}

bool uart_is_idle(void) { return queued == transmitted; }

void uart_discard(void) { transmitted = queued; }

void uart_hold(bool held) {
  is_held = held;
  uart_transmit();
}
