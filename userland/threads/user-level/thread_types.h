// What the program allocates itself, as the two user-level implementations lay it out.
#pragma once

#include <stdatomic.h>

struct thread;

// Threads, first come, first served. All zero is empty.
struct thread_queue {
  struct thread *first;
  struct thread *last;
};

struct mutex {
  // MUTEX_FREE, MUTEX_LOCKED or MUTEX_WAITED_FOR.
  atomic_uint state;
  struct thread *_Atomic owner;
  struct thread_queue waiting;
};

struct condition {
  struct thread_queue waiting;
};

struct semaphore {
  unsigned count;
  struct thread_queue waiting;
};
