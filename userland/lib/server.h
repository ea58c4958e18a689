// The loop of a single-threaded server.
#pragma once

#include "lib/ipc.h"
#include <stdbool.h>

// Handles a message: LABEL_NOTIFIED if a notification is bound to the thread, else a request. Returns true
// with the answer in place of the message, or false if there is nothing to be answered (now).
typedef bool server_handler(struct message *message);

// Receives from the endpoint and answers, for ever. Returns an error only if the endpoint is none.
int64_t serve(handle_t endpoint, server_handler *handle);

// Creates a notification whose bits the process's first thread receives as LABEL_NOTIFIED between other
// messages. Returns its handle, or an error. It is signalled through copies whose badges are the bits.
int64_t server_create_notification(void);

// The label of a request; 0, which no protocol uses, of anything sent by the kernel.
static inline uint32_t request_label(const struct message *message) {
  uint32_t label = TAG_LABEL(message->tag);
  return label < LABEL_KERNEL ? label : 0;
}

// Sessions. A session is named by the badge of an endpoint capability: a slot in the server's table, and the
// time at which the server started, so that a session of an instance that died is recognized as stale.

#define SESSION_SLOTS 256u

// The badge of the session in a slot below SESSION_SLOTS.
uint64_t session_badge(unsigned slot);

// The slot of the session with a badge, or -ESTALE if this instance never gave it out.
int64_t session_slot(uint64_t badge);
