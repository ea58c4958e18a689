// Clients' sessions: their windows, and how they are told of completions.
#pragma once

#include "lib/window.h"
#include "protocol/disk.h"
#include <stdbool.h>

struct session {
  bool is_open, is_closing;
  unsigned under_way;   // requests of it
  uint64_t last_used;   // grows with every use of any session
  handle_t memory;      // the window's
  uint64_t bytes;       // of the window
  uint64_t *pages;      // physical addresses
  handle_t endpoint;    // the client's, in our own table
  struct window mapped; // if it has a ring of completions
  struct disk_completions *completions;
  uint32_t entries, submitted; // of the ring; requests under way that end there
  uint32_t written;            // our own count: the client may write to the ring's
  handle_t notification;
};

// Opens a session on a window of `bytes` bytes. Takes the capabilities over if it succeeds; `entries` 0:
// without completions. Returns the slot, or an error.
int64_t session_open(handle_t memory, uint64_t bytes, uint32_t ring_offset, uint32_t entries,
                     handle_t notification);

// The session of a badge, or NULL if it is stale.
struct session *session_find(uint64_t badge);

// Closes it when its last request is done; to be called again then.
void session_close(struct session *session);

// Whether data may lie there.
bool session_covers(const struct session *session, uint64_t offset, uint64_t bytes);

// Whether there is room for one more completion than those under way.
bool session_may_submit(const struct session *session);

// Tells the client of one.
void session_complete(struct session *session, uint64_t cookie, int64_t result);
