#include "scheduler.h"

#include <stdio.h>
#include <unistd.h>

static void report(const struct thread *thread) {
  if (thread->wait_kind == WAIT_THREAD) {
    const struct thread *joined = thread->waits_for;
    dprintf(STDERR_FILENO, "  thread %u joins thread %u\n", thread->number, joined->number);
  } else if (thread->wait_kind == WAIT_MUTEX) {
    const struct mutex *mutex = thread->waits_for;
    const struct thread *owner = atomic_load_explicit(&mutex->owner, memory_order_relaxed);
    dprintf(STDERR_FILENO, "  thread %u waits for mutex %p, held by thread %u\n", thread->number,
            thread->waits_for, owner != NULL ? owner->number : 0);
  } else {
    const char *what = thread->wait_kind == WAIT_CONDITION ? "condition" : "semaphore";
    dprintf(STDERR_FILENO, "  thread %u waits for %s %p\n", thread->number, what, thread->waits_for);
  }
}

_Noreturn void deadlock_report(void) {
  dprintf(STDERR_FILENO, "deadlock: every thread waits for another\n");
  for (const struct thread *thread = threads_alive(); thread != NULL; thread = thread->next_alive)
    report(thread);
  _exit(THREAD_DEADLOCK_STATUS);
}
