// The kernel's one lock: whoever holds it is the only hart that executes kernel code.
#pragma once

#include "types.h"

struct lock {
  uint32_t next_ticket, serving; // tickets, so that no hart waits for ever
};

extern struct lock kernel_lock;

static inline void lock_acquire(struct lock *lock) {
  uint32_t ticket = __atomic_fetch_add(&lock->next_ticket, 1, __ATOMIC_RELAXED);
  while (__atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) != ticket) {
  }
}

static inline void lock_release(struct lock *lock) {
  __atomic_store_n(&lock->serving, lock->serving + 1, __ATOMIC_RELEASE);
}
