#include "line.h"
#include "uart.h"
#include <errno.h>
#include <string.h>
#include <termios.h>

// Bytes of a line being typed, and of what waits to be read; powers of two. As on Linux.
#define LINE_BYTES  4096u
#define READY_BYTES 4096u

// A byte that waits to be read, or the mark that VEOF leaves.
#define ENTRY_LINE_END 0x100u
#define ENTRY_NO_BYTE  0x200u

#define BACKSPACE 8
#define TAB_STOPS 8u

static struct kernel_termios attributes;
static uint32_t events;

static uint8_t typed[LINE_BYTES]; // the line that is being edited
static size_t typed_count;
static unsigned typed_column; // where it began
static bool is_literal;       // VLNEXT was typed: the next byte is what it is

static uint16_t ready[READY_BYTES];
static size_t ready_written, ready_read; // both count on for ever
static size_t ready_lines;               // entries with ENTRY_LINE_END

static unsigned column;  // where the cursor is
static bool was_refused; // a write: its writer waits for room

static bool input_mode(uint32_t flag) { return (attributes.c_iflag & flag) != 0; }
static bool output_mode(uint32_t flag) { return (attributes.c_oflag & flag) != 0; }
static bool local_mode(uint32_t flag) { return (attributes.c_lflag & flag) != 0; }

// Whether the byte is a control character; 0 disables one.
static bool is_character(uint8_t byte, unsigned which) { return byte != 0 && byte == attributes.c_cc[which]; }

void line_open(void) {
  attributes = (struct kernel_termios){
      .c_iflag = ICRNL | IXON | IUTF8,
      .c_oflag = OPOST | ONLCR,
      .c_cflag = B38400 | CS8 | CREAD | HUPCL,
      .c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
  };
  static const uint8_t characters[] = {
      [VINTR] = 'C' & 31,    [VQUIT] = '\\' & 31,   [VERASE] = 127,
      [VKILL] = 'U' & 31,    [VEOF] = 'D' & 31,     [VMIN] = 1,
      [VSTART] = 'Q' & 31,   [VSTOP] = 'S' & 31,    [VSUSP] = 'Z' & 31,
      [VREPRINT] = 'R' & 31, [VDISCARD] = 'O' & 31, [VWERASE] = 'W' & 31,
      [VLNEXT] = 'V' & 31,
  };
  memcpy(attributes.c_cc, characters, sizeof characters);
}

// Output.

static void put(uint8_t byte) {
  uart_write(byte);
  if (byte == '\r')
    column = 0;
  else if (byte == BACKSPACE)
    column -= column > 0;
  else if (byte == '\t')
    column = (column / TAB_STOPS + 1) * TAB_STOPS;
  else if (byte >= ' ' && (byte & 0xc0) != 0x80) // UTF-8's later bytes do not move it
    column++;
}

// As programs write it.
static void put_processed(uint8_t byte) {
  if (!output_mode(OPOST)) {
    put(byte);
  } else if (byte == '\n') {
    if (output_mode(ONLCR))
      put('\r');
    put('\n');
  } else if (byte == '\r' && output_mode(OCRNL)) {
    put('\n');
  } else if (byte != '\r' || !output_mode(ONOCR) || column != 0) {
    put(byte);
  }
}

#define MOST_BYTES_OF_ONE 2u

int64_t line_write(const uint8_t *from, size_t count) {
  size_t taken = 0;
  while (taken < count && uart_room() >= MOST_BYTES_OF_ONE)
    put_processed(from[taken++]);
  uart_transmit();
  if (taken == 0 && count > 0) {
    was_refused = true;
    return -EAGAIN;
  }
  return (int64_t)taken;
}

bool line_is_writable(void) { return uart_room() >= MOST_BYTES_OF_ONE; }

// Echo.

static bool is_control(uint8_t byte) { return (byte < ' ' && byte != '\t') || byte == 127; }

// Room for whatever one typed byte echoes, erasing a whole line aside; a full queue swallows the rest.
static void echo_byte(uint8_t byte) {
  if (uart_room() < MOST_BYTES_OF_ONE)
    return;
  put_processed(byte);
}

static void echo(uint8_t byte) {
  if (byte == '\n' ? !local_mode(ECHO | ECHONL) : !local_mode(ECHO))
    return;
  if (local_mode(ECHOCTL) && is_control(byte) && byte != '\n') {
    echo_byte('^');
    echo_byte(byte ^ 0x40);
  } else {
    echo_byte(byte);
  }
}

// How many columns a typed byte took that was typed when the cursor was at `from`.
static unsigned width(uint8_t byte, unsigned from) {
  if (byte == '\t')
    return TAB_STOPS - from % TAB_STOPS;
  if (is_control(byte))
    return local_mode(ECHOCTL) ? 2 : 0;
  return (byte & 0xc0) != 0x80;
}

static unsigned width_of_typed(size_t count) {
  unsigned at = typed_column;
  for (size_t i = 0; i < count; i++)
    at += width(typed[i], at);
  return at - typed_column;
}

// Takes the last character off the line, all bytes of it.
static void erase(void) {
  if (typed_count == 0)
    return;
  unsigned before = width_of_typed(typed_count);
  do {
    typed_count--;
  } while (input_mode(IUTF8) && typed_count > 0 && (typed[typed_count] & 0xc0) == 0x80);
  if (!local_mode(ECHO))
    return;
  if (!local_mode(ECHOE)) {
    echo(attributes.c_cc[VERASE]);
    return;
  }
  for (unsigned columns = before - width_of_typed(typed_count); columns > 0; columns--) {
    echo_byte(BACKSPACE);
    echo_byte(' ');
    echo_byte(BACKSPACE);
  }
}

static void erase_word(void) {
  while (typed_count > 0 && (typed[typed_count - 1] == ' ' || typed[typed_count - 1] == '\t'))
    erase();
  while (typed_count > 0 && typed[typed_count - 1] != ' ' && typed[typed_count - 1] != '\t')
    erase();
}

static void kill_line(void) {
  if (local_mode(ECHO) && !(local_mode(ECHOKE) && local_mode(ECHOE))) {
    typed_count = 0;
    echo(attributes.c_cc[VKILL]);
    if (local_mode(ECHOK))
      echo_byte('\n');
    return;
  }
  while (typed_count > 0)
    erase();
}

static void reprint(void) {
  echo(attributes.c_cc[VREPRINT]);
  echo_byte('\n');
  typed_column = column;
  for (size_t i = 0; i < typed_count; i++)
    echo(typed[i]);
}

// What waits to be read.

static void add_ready(uint16_t entry) {
  if (ready_written - ready_read == READY_BYTES)
    return; // nobody reads: it is lost, as on Linux
  ready[ready_written++ % READY_BYTES] = entry;
  ready_lines += (entry & ENTRY_LINE_END) != 0;
}

// The line being typed waits to be read, ended by the last byte's `end` flags.
static void finish_line(uint16_t end) {
  for (size_t i = 0; i < typed_count; i++)
    add_ready((uint16_t)(typed[i] | (i + 1 == typed_count ? end : 0)));
  typed_count = 0;
}

size_t line_readable_bytes(void) {
  size_t count = 0;
  for (size_t i = ready_read; i != ready_written; i++)
    count += (ready[i % READY_BYTES] & ENTRY_NO_BYTE) == 0;
  return count;
}

bool line_is_readable(void) { return local_mode(ICANON) ? ready_lines > 0 : ready_written != ready_read; }

int64_t line_read(uint8_t *to, size_t most) {
  bool is_canonical = local_mode(ICANON);
  if (!line_is_readable())
    return !is_canonical && attributes.c_cc[VMIN] == 0 ? 0 : -EAGAIN;
  size_t count = 0;
  while (count < most && ready_read != ready_written) {
    uint16_t entry = ready[ready_read++ % READY_BYTES];
    bool is_end = (entry & ENTRY_LINE_END) != 0;
    ready_lines -= is_end;
    if ((entry & ENTRY_NO_BYTE) == 0)
      to[count++] = (uint8_t)entry;
    if (is_end && is_canonical)
      break;
  }
  return (int64_t)count;
}

void line_flush_input(void) {
  typed_count = 0;
  ready_read = ready_written;
  ready_lines = 0;
}

// Input.

static void signal_typed(uint32_t event, uint8_t byte) {
  if (!local_mode(NOFLSH)) {
    line_flush_input();
    uart_discard();
  }
  echo(byte);
  events |= event;
}

// Whether the byte asks for a signal; which it then is.
static bool is_signal(uint8_t byte) {
  if (!local_mode(ISIG))
    return false;
  if (is_character(byte, VINTR))
    signal_typed(TERMINAL_EVENT_INTERRUPT, byte);
  else if (is_character(byte, VQUIT))
    signal_typed(TERMINAL_EVENT_QUIT, byte);
  else if (is_character(byte, VSUSP))
    signal_typed(TERMINAL_EVENT_SUSPEND, byte);
  else
    return false;
  return true;
}

// Whether the byte stops or starts the output; which it then does.
static bool is_flow_control(uint8_t byte) {
  if (!input_mode(IXON) || !(is_character(byte, VSTOP) || is_character(byte, VSTART)))
    return false;
  uart_hold(is_character(byte, VSTOP));
  return true;
}

static void type(uint8_t byte) {
  if (typed_count == 0)
    typed_column = column;
  if (typed_count < LINE_BYTES - 1) { // there is always room for the end of the line
    typed[typed_count++] = byte;
    echo(byte);
  } else if (input_mode(IMAXBEL)) {
    echo_byte('\a');
  }
}

static void end_line(uint8_t byte) {
  if (typed_count == LINE_BYTES)
    typed_count--;
  typed[typed_count++] = byte;
  echo(byte);
  finish_line(ENTRY_LINE_END);
}

static void end_file(void) {
  if (typed_count > 0)
    finish_line(ENTRY_LINE_END);
  else
    add_ready(ENTRY_LINE_END | ENTRY_NO_BYTE);
}

// Whether the byte edits the line; which it then does.
static bool is_edit(uint8_t byte) {
  // Some terminals send ^H for the key that others send DEL for.
  if (is_character(byte, VERASE) || byte == BACKSPACE)
    erase();
  else if (is_character(byte, VKILL))
    kill_line();
  else if (local_mode(IEXTEN) && is_character(byte, VWERASE))
    erase_word();
  else if (local_mode(IEXTEN) && is_character(byte, VREPRINT))
    reprint();
  else if (local_mode(IEXTEN) && is_character(byte, VLNEXT))
    is_literal = true;
  else
    return false;
  return true;
}

static void canonical_input(uint8_t byte) {
  if (is_literal) {
    is_literal = false;
    type(byte);
  } else if (byte == '\n' || is_character(byte, VEOL) || is_character(byte, VEOL2)) {
    end_line(byte);
  } else if (is_character(byte, VEOF)) {
    end_file();
  } else if (!is_edit(byte)) {
    type(byte);
  }
}

void line_input(uint8_t byte) {
  if (input_mode(ISTRIP))
    byte &= 0x7f;
  if (!is_literal && (is_signal(byte) || is_flow_control(byte)))
    return;
  if (byte == '\r' && input_mode(IGNCR))
    return;
  if (!is_literal && byte == '\r' && input_mode(ICRNL))
    byte = '\n';
  else if (!is_literal && byte == '\n' && input_mode(INLCR))
    byte = '\r';
  if (local_mode(ICANON)) {
    canonical_input(byte);
  } else {
    is_literal = false;
    add_ready(byte);
    echo(byte);
  }
  if (line_is_readable())
    events |= TERMINAL_EVENT_READABLE;
}

const struct kernel_termios *line_attributes(void) { return &attributes; }

void line_set_attributes(const struct kernel_termios *wanted) {
  bool was_canonical = local_mode(ICANON);
  attributes = *wanted;
  if (was_canonical && !local_mode(ICANON)) {
    finish_line(0); // what has been typed can be read as it is
  } else if (!was_canonical && local_mode(ICANON) && ready_written != ready_read) {
    uint16_t *last = &ready[(ready_written - 1) % READY_BYTES];
    ready_lines += (*last & ENTRY_LINE_END) == 0;
    *last |= ENTRY_LINE_END; // and what could be read is a line
  }
  if (!input_mode(IXON))
    uart_hold(false);
  if (line_is_readable())
    events |= TERMINAL_EVENT_READABLE;
}

uint32_t line_take_events(void) {
  uint32_t taken = events;
  events = 0;
  // Not for each byte that leaves: who waits wants room for more than one.
  bool has_room = uart_is_idle() || uart_room() >= LINE_BYTES;
  if (was_refused && has_room) {
    was_refused = false;
    taken |= TERMINAL_EVENT_WRITABLE;
  }
  return taken;
}
