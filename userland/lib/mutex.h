// Mutual exclusion and conditions between the threads of a process. Without contention none of them enters
// the kernel. All are ready for use when zero.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

// 0: free, 1: locked, 2: locked, and somebody may be waiting.
struct mutex {
  _Atomic uint32_t state;
};

void mutex_lock_contended(struct mutex *mutex);
void mutex_unlock_contended(struct mutex *mutex);

static inline bool mutex_try_lock(struct mutex *mutex) {
  uint32_t free = 0;
  return atomic_compare_exchange_strong_explicit(&mutex->state, &free, 1, memory_order_acquire,
                                                 memory_order_relaxed);
}

static inline void mutex_lock(struct mutex *mutex) {
  if (!mutex_try_lock(mutex))
    mutex_lock_contended(mutex);
}

static inline void mutex_unlock(struct mutex *mutex) {
  if (atomic_exchange_explicit(&mutex->state, 0, memory_order_release) == 2)
    mutex_unlock_contended(mutex);
}

struct condition {
  _Atomic uint32_t signals; // counted, so that one between unlocking and waiting is not missed
  _Atomic uint32_t waiters;
};

// Unlocks the mutex, waits for a signal or the deadline, locks it again. May return early. False: the
// deadline has passed.
bool condition_wait(struct condition *condition, struct mutex *mutex, uint64_t deadline);

void condition_signal(struct condition *condition);    // wakes one that waits
void condition_broadcast(struct condition *condition); // wakes all
