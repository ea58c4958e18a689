#include "lib/server.h"
#include "lib/clock.h"
#include <errno.h>

int64_t serve(handle_t endpoint, server_handler *handle) {
  struct message message;
  bool has_answer = false;
  for (;;) {
    int64_t error = has_answer ? message_reply_receive(endpoint, &message, WAIT_FOREVER)
                               : message_receive(endpoint, &message, WAIT_FOREVER);
    if (error == 0) {
      has_answer = handle(&message);
    } else if (has_answer || error == -EINTR) {
      has_answer = false; // the caller may be gone: not our error
    } else {
      return error;
    }
  }
}

int64_t server_create_notification(void) {
  int64_t thread = kernel_open_thread(HANDLE_PROCESS, 0);
  if (thread < 0)
    return thread;
  int64_t notification = kernel_create_notification();
  int64_t error = notification < 0 ? notification : kernel_bind((handle_t)thread, (handle_t)notification);
  kernel_delete((handle_t)thread);
  return error < 0 ? error : notification;
}

// When this instance first gave out a session; not 0.
static uint64_t started;

uint64_t session_badge(unsigned slot) {
  if (started == 0)
    started = clock_now() | 1;
  return started << 9 >> 1 | slot; // badges are not negative as results
}

int64_t session_slot(uint64_t badge) {
  unsigned slot = badge % SESSION_SLOTS;
  return started != 0 && badge == session_badge(slot) ? (int64_t)slot : -ESTALE;
}
