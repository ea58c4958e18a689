// A lock between kernel threads, for as long as it takes to look into a queue.
#pragma once

#include <stdatomic.h>
#include <stdint.h>

struct lock {
  atomic_uint state;
};

void lock_take(struct lock *lock);
void lock_release(struct lock *lock);

// Sleeps while *word is `expected`, at most `nanoseconds` (UINT64_MAX: for ever). May return early.
void futex_wait(atomic_uint *word, unsigned expected, uint64_t nanoseconds);

// Wakes one who sleeps on `word`.
void futex_wake(atomic_uint *word);
