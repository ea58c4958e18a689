// The kernel's one lock: whoever holds it is the only hart that executes kernel code.
#pragma once

#include "types.h"

// Whoever comes first gets it, without a queue: where harts are themselves scheduled, as in an emulator, the
// next in a queue may be one that is not executing, and everybody would wait for it.
struct lock {
  uint32_t held; // a word, because amoswap has no smaller ones
};

extern struct lock kernel_lock;

static inline void lock_acquire(struct lock *lock) {
  while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE)) {
    while (__atomic_load_n(&lock->held, __ATOMIC_RELAXED))
      __asm__ volatile(".insn i 0x0f, 0, x0, x0, 0x010"); // pause (Zihintpause), elsewhere a fence
  }
}

static inline void lock_release(struct lock *lock) { __atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE); }
