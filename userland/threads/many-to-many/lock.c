#include "lock.h"

#include <linux/futex.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { FREE, TAKEN, TAKEN_AND_WAITED_FOR };

// How often to look before sleeping: its holder needs a few hundred instructions, unless it has been
// preempted.
enum { SPINS = 100 };

void futex_wait(atomic_uint *word, unsigned expected, uint64_t nanoseconds) {
  struct timespec time = {.tv_sec = (time_t)(nanoseconds / 1000000000),
                          .tv_nsec = (long)(nanoseconds % 1000000000)};
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, nanoseconds == UINT64_MAX ? NULL : &time, NULL, 0);
}

void futex_wake(atomic_uint *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0); }

static int try_take(struct lock *lock) {
  unsigned expected = FREE;
  return atomic_compare_exchange_strong_explicit(&lock->state, &expected, TAKEN, memory_order_acquire,
                                                 memory_order_relaxed);
}

void lock_take(struct lock *lock) {
  for (int i = 0; i < SPINS; i++)
    if (try_take(lock))
      return;
  while (atomic_exchange_explicit(&lock->state, TAKEN_AND_WAITED_FOR, memory_order_acquire) != FREE)
    futex_wait(&lock->state, TAKEN_AND_WAITED_FOR, UINT64_MAX);
}

void lock_release(struct lock *lock) {
  if (atomic_exchange_explicit(&lock->state, FREE, memory_order_release) == TAKEN_AND_WAITED_FOR)
    futex_wake(&lock->state);
}
