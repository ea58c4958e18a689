// Starts servers: native programs that find their capabilities at fixed handles (handles.h).
#pragma once

#include "lib/elf.h"

// A capability the new process gets.
struct launch_grant {
  handle_t handle;
  uint32_t rights;
  uint64_t badge; // 0: its own
};

struct launch {
  const char *name; // also arguments[0] by custom
  const char *const *arguments;
  struct elf_source program;
  uint64_t quota; // bytes, from the caller's
  uint32_t priority;
  uint64_t tag;
  const struct launch_grant *grants; // from handle 2 on, in this order
  unsigned grant_count;
};

// Creates the process, loads the program, and starts its first thread, with a message buffer. Returns the
// process's handle, or an error and nothing is left behind.
int64_t launch(const struct launch *launch);
