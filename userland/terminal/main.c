// The terminal server: a UART under a line discipline (protocol/terminal.h).

#include "lib/say.h"
#include "lib/server.h"
#include "lib/service.h"
#include "lib/window.h"
#include "line.h"
#include "uart.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

// What the supervisor grants if there is a UART; argument 1 is its registers' shift.
#define HANDLE_REGISTERS HANDLE_OWN
#define HANDLE_INTERRUPT (HANDLE_OWN + 1)

#define MOST_SESSIONS 2 // a client, and one that it was before it was restarted
#define EVENT_COUNT   7 // TERMINAL_EVENTS

_Static_assert(TERMINAL_EVENTS == (1u << EVENT_COUNT) - 1, "one capability for each event");

struct session {
  bool is_open;
  struct window window;
  handle_t events[EVENT_COUNT]; // each signals one
};

static struct session sessions[MOST_SESSIONS];
static uint64_t rows = 24, columns = 80;
static uint32_t pending_events;
static bool is_draining; // somebody waits until all output has left

static struct session *find(uint64_t badge) {
  int64_t slot = session_slot(badge);
  return slot < 0 || slot >= MOST_SESSIONS || !sessions[slot].is_open ? NULL : &sessions[slot];
}

// The part of the window that a request names, or NULL.
static uint8_t *part(const struct session *session, uint64_t offset, uint64_t bytes) {
  uint64_t all = session->window.pages * PAGE_BYTES;
  return offset > all || bytes > all - offset ? NULL : session->window.bytes + offset;
}

// A slot that is free, or the oldest client's, which must have died without a word.
static unsigned choose_slot(void) {
  static unsigned next;
  unsigned slot = next;
  next = (next + 1) % MOST_SESSIONS;
  return slot;
}

static void close(struct session *session) {
  if (!session->is_open)
    return;
  window_close(&session->window);
  for (unsigned i = 0; i < EVENT_COUNT; i++)
    kernel_delete(session->events[i]);
  session->is_open = false;
}

// Opens a session with the message's capabilities. Returns the handle of its endpoint, or an error.
static int64_t open(const struct message *message) {
  handle_t memory = message_capability(message, 0), notification = message_capability(message, 1);
  unsigned slot = choose_slot();
  struct session *session = &sessions[slot];
  close(session);
  int64_t error = window_open(memory, message->words[0], &session->window);
  if (error < 0)
    return error;
  for (unsigned i = 0; i < EVENT_COUNT; i++) {
    int64_t event = kernel_copy_capability(notification, RIGHT_SEND, 1ul << i);
    session->events[i] = event < 0 ? 0 : (handle_t)event;
    if (event < 0)
      error = event;
  }
  session->is_open = true;
  int64_t endpoint =
      error < 0 ? error
                : kernel_copy_capability(HANDLE_SERVICE, RIGHT_SEND | RIGHT_GRANT, session_badge(slot));
  if (endpoint < 0) {
    close(session);
    return endpoint;
  }
  kernel_delete(notification); // the events' copies stay
  return endpoint;
}

// Answers a TERMINAL_CONNECT.
static void connect(const struct message *message) {
  int64_t endpoint = open(message);
  struct message answer = message_result(endpoint < 0 ? endpoint : 0);
  if (endpoint >= 0) {
    message_buffer->send[0] = (handle_t)endpoint;
    answer.tag = TAG(0, 1, 1);
  }
  message_reply(0, &answer);
  if (endpoint >= 0)
    kernel_delete((handle_t)endpoint);
}

static int64_t read(const struct session *session, uint64_t offset, uint64_t bytes) {
  uint8_t *to = part(session, offset, bytes);
  return to == NULL ? -EFAULT : line_read(to, bytes);
}

static int64_t write(const struct session *session, uint64_t offset, uint64_t bytes) {
  const uint8_t *from = part(session, offset, bytes);
  return from == NULL ? -EFAULT : line_write(from, bytes);
}

static int64_t drain(void) {
  is_draining = !uart_is_idle();
  return is_draining ? -EAGAIN : 0;
}

static int64_t get_attributes(const struct session *session, uint64_t offset) {
  uint8_t *to = part(session, offset, sizeof(struct kernel_termios));
  if (to == NULL)
    return -EFAULT;
  memcpy(to, line_attributes(), sizeof(struct kernel_termios));
  return 0;
}

static int64_t set_attributes(const struct session *session, uint64_t offset, uint64_t when) {
  const uint8_t *from = part(session, offset, sizeof(struct kernel_termios));
  if (from == NULL)
    return -EFAULT;
  if (when != TERMINAL_NOW && drain() != 0)
    return -EAGAIN;
  if (when == TERMINAL_FLUSH_FIRST)
    line_flush_input();
  struct kernel_termios attributes;
  memcpy(&attributes, from, sizeof attributes);
  line_set_attributes(&attributes);
  return 0;
}

static int64_t set_size(uint64_t new_rows, uint64_t new_columns) {
  if (new_rows > UINT16_MAX || new_columns > UINT16_MAX)
    return -EINVAL;
  if (new_rows != rows || new_columns != columns)
    pending_events |= TERMINAL_EVENT_RESIZED;
  rows = new_rows;
  columns = new_columns;
  return 0;
}

static int64_t flush(uint64_t queue) {
  if (queue > 2)
    return -EINVAL;
  if (queue != 1)
    line_flush_input();
  if (queue != 0)
    uart_discard();
  return 0;
}

static struct message readiness(void) {
  uint32_t events =
      (line_is_readable() ? TERMINAL_EVENT_READABLE : 0) | (line_is_writable() ? TERMINAL_EVENT_WRITABLE : 0);
  return (struct message){.tag = TAG(0, 2, 0), .words = {events, line_readable_bytes()}};
}

static int64_t request(const struct session *session, uint32_t label, const uint64_t words[4]) {
  switch (label) {
  case TERMINAL_READ:
    return read(session, words[0], words[1]);
  case TERMINAL_WRITE:
    return write(session, words[0], words[1]);
  case TERMINAL_GET_ATTRIBUTES:
    return get_attributes(session, words[0]);
  case TERMINAL_SET_ATTRIBUTES:
    return set_attributes(session, words[0], words[1]);
  case TERMINAL_SET_SIZE:
    return set_size(words[0], words[1]);
  case TERMINAL_FLUSH:
    return flush(words[0]);
  case TERMINAL_DRAIN:
    return drain();
  default:
    return -ENOSYS;
  }
}

static void interrupt(void) {
  for (int byte = uart_read(); byte >= 0; byte = uart_read())
    line_input((uint8_t)byte);
  uart_transmit(); // echoes, too
  kernel_acknowledge_interrupt(HANDLE_INTERRUPT);
}

// Tells the clients what has happened.
static void signal_events(void) {
  uint32_t events = pending_events | line_take_events();
  pending_events = 0;
  if (is_draining && uart_is_idle()) {
    is_draining = false;
    events |= TERMINAL_EVENT_WRITABLE;
  }
  for (unsigned slot = 0; slot < MOST_SESSIONS && events != 0; slot++) {
    for (unsigned i = 0; i < EVENT_COUNT && sessions[slot].is_open; i++) {
      if ((events >> i & 1) != 0)
        kernel_signal(sessions[slot].events[i]);
    }
  }
}

static bool handle(struct message *message) {
  uint32_t label = request_label(message);
  if (TAG_LABEL(message->tag) == LABEL_NOTIFIED) {
    interrupt();
    signal_events();
    return false;
  }
  if (label == TERMINAL_CONNECT && TAG_CAPABILITIES(message->tag) == 2) {
    connect(message);
    return false;
  }
  message_drop_capabilities(message);
  const struct session *session = find(message->badge);
  if (session == NULL)
    *message = message_result(-ESTALE);
  else if (label == TERMINAL_READY)
    *message = readiness();
  else if (label == TERMINAL_GET_SIZE)
    *message = (struct message){.tag = TAG(0, 3, 0), .words = {0, rows, columns}};
  else
    *message = message_result(request(session, label, message->words));
  signal_events();
  return true;
}

int main(int count, char **arguments) {
  line_open();
  int64_t error = uart_open(HANDLE_REGISTERS, count > 1 ? (unsigned)atoi(arguments[1]) : 0);
  if (error < 0)
    die("no UART: error %ld", (long)error);
  int64_t notification = server_create_notification();
  int64_t bit =
      notification < 0 ? notification : kernel_copy_capability((handle_t)notification, RIGHT_SEND, 1);
  if (bit < 0 || kernel_bind_interrupt(HANDLE_INTERRUPT, (handle_t)bit) < 0)
    die("no interrupt");
  kernel_acknowledge_interrupt(HANDLE_INTERRUPT); // one that an instance before us left
  service_ready();
  die("cannot serve: error %ld", (long)serve(HANDLE_SERVICE, handle));
}
