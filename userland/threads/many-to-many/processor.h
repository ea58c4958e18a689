// A kernel thread as the threads above it see it: a virtual processor, which carries one of them at a time.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

struct thread;

struct processor {
  // The thread it carries, or null.
  struct thread *current;
  // Where its own loop goes on when it carries nobody.
  void *idle_context;
  // Set to 1 to wake it.
  atomic_uint wakeup;
  bool idle;
  struct processor *next_idle;
};

// The calling kernel thread's. A function of its own in a file of its own, because the compiler would keep
// the address of a thread-local variable across a context switch, after which the thread may be on another
// kernel thread.
struct processor *processor_self(void);
void processor_set_self(struct processor *processor);
