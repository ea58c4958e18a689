#include "console.h"
#include "plic.h"
#include "sbi.h"
#include "sched.h"
#include "timer.h"
#include "uart.h"

#define INPUT_BYTES       256
#define POLL_MICROSECONDS 20000
#define CTRL_C            '\x03'

static bool has_uart, must_poll;
static char input[INPUT_BYTES];
static uint64_t input_start, input_count;
static struct process *focused;

static void write_byte(char byte) {
  if (has_uart)
    uart_write(byte);
  else
    sbi_console_write(byte);
}

void console_write(const char *bytes, uint64_t count) {
  for (uint64_t i = 0; i < count; i++) {
    if (bytes[i] == '\n')
      write_byte('\r');
    write_byte(bytes[i]);
  }
}

static void wake_reader(void) {
  if (focused != NULL && focused->reading) {
    focused->reading = false;
    sched_wake(focused->thread);
  }
}

static void interrupt_focused(void) {
  console_write("^C\n", 3);
  process_kill(focused);
}

static void receive(char byte) {
  if (byte == CTRL_C && focused != NULL && !process_is_init(focused)) {
    interrupt_focused();
  } else if (input_count < INPUT_BYTES) { // what is typed too far ahead is lost
    input[(input_start + input_count++) % INPUT_BYTES] = byte;
    wake_reader();
  }
}

static void receive_all(void) {
  int byte;
  while ((byte = has_uart ? uart_read() : sbi_console_read()) >= 0)
    receive((char)byte);
}

// The device /chosen names, or else the first that serves.
static bool open_uart(fdt_node *node) {
  const char *path = fdt_property(fdt_find_path("/chosen"), "stdout-path", NULL);
  *node = path == NULL ? FDT_NONE : fdt_find_path(path);
  if (*node != FDT_NONE && uart_open(*node))
    return true;
  for (*node = 0; *node != FDT_NONE; *node = fdt_next(*node)) {
    if (uart_open(*node))
      return true;
  }
  return false;
}

void console_init(void) {
  fdt_node node;
  has_uart = open_uart(&node);
  if (has_uart && plic_enable(node, receive_all))
    uart_enable_interrupt();
  else
    must_poll = true;
}

uint64_t console_read(char *bytes, uint64_t count) {
  uint64_t read = 0;
  for (; read < count && input_count > 0; read++, input_count--) {
    bytes[read] = input[input_start];
    input_start = (input_start + 1) % INPUT_BYTES;
  }
  return read;
}

bool console_must_wait(struct process *process) {
  process->reading = process != focused || input_count == 0;
  return process->reading;
}

// Drops what was typed up to and with a Ctrl-C. Returns false if there was none.
static bool take_ctrl_c(void) {
  for (uint64_t i = 0; i < input_count; i++) {
    if (input[(input_start + i) % INPUT_BYTES] == CTRL_C) {
      input_start = (input_start + i + 1) % INPUT_BYTES;
      input_count -= i + 1;
      return true;
    }
  }
  return false;
}

void console_focus(struct process *process) {
  focused = process;
  // Whoever is quick types Ctrl-C before the program that is to be ended has the focus.
  if (!process_is_init(process) && take_ctrl_c())
    interrupt_focused();
  else if (input_count > 0)
    wake_reader();
}

void console_take_focus_from(struct process *process) {
  if (process == focused)
    console_focus(process->parent);
}

struct process *console_focused(void) { return focused; }

uint64_t console_poll_time(void) {
  return must_poll ? timer_now() + timer_from_microseconds(POLL_MICROSECONDS) : TIMER_NEVER;
}

void console_poll(void) {
  if (must_poll)
    receive_all();
}
