// A window: wired memory, which a client shares with a server.
#pragma once

#include "lib/handles.h"

struct window {
  handle_t memory;
  uint64_t pages;
  uint8_t *bytes; // mapped for reading and writing
};

// Returns 0 or -ENOMEM.
int64_t window_create(uint64_t pages, struct window *window);

// Maps a client's memory object of `bytes` bytes for reading and writing. Returns 0 or an error: -EINVAL if
// it is smaller or not memory.
int64_t window_open(handle_t memory, uint64_t bytes, struct window *window);

// Unmaps it and gives up the memory.
void window_close(struct window *window);
