#include "context.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum {
  // What context_switch keeps; see switch.S.
  FRAME_BYTES = 208,
  GUARD_BYTES = 4096,
};

void *context_begin(void *top, void (*entry)(void)) {
  uint64_t *frame = (uint64_t *)((char *)top - FRAME_BYTES);
  memset(frame, 0, FRAME_BYTES);
  frame[0] = (uint64_t)entry; // ra; s0 = 0 ends a debugger's walk over frames
  return frame;
}

void *stack_allocate(void) {
  char *bottom = mmap(NULL, GUARD_BYTES + STACK_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (bottom == MAP_FAILED)
    return NULL;
  if (mprotect(bottom + GUARD_BYTES, STACK_BYTES, PROT_READ | PROT_WRITE) != 0) {
    munmap(bottom, GUARD_BYTES + STACK_BYTES);
    return NULL;
  }
  return bottom + GUARD_BYTES + STACK_BYTES;
}

void stack_free(void *top) { munmap((char *)top - STACK_BYTES - GUARD_BYTES, GUARD_BYTES + STACK_BYTES); }
