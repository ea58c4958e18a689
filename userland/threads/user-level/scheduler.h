// What the two user-level implementations share, and what each of them does its own way.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "context.h"
#include "thread.h"

// What a waiting thread waits for, in the words of the deadlock report.
enum wait_kind { WAIT_MUTEX, WAIT_CONDITION, WAIT_SEMAPHORE, WAIT_THREAD, WAIT_TIME, WAIT_DESCRIPTOR };

struct thread {
  // Where it goes on, while it does not run. Aligned, because the stack begins right below the record
  // (psABI).
  _Alignas(16) void *context;
  // The one behind it in the only queue it is in.
  struct thread *next;
  struct thread *next_alive;
  struct thread *previous_alive;
  unsigned number;
  void *(*start)(void *argument);
  void *argument;
  void *result;
  bool ended;
  bool detached;
  struct thread *joiner;
  enum wait_kind wait_kind;
  const void *waits_for;
  // In nanoseconds of CLOCK_MONOTONIC, while it sleeps.
  uint64_t wake_time;
  void *values[THREAD_KEYS];
};

static inline void queue_push(struct thread_queue *queue, struct thread *thread) {
  thread->next = NULL;
  if (queue->first == NULL)
    queue->first = thread;
  else
    queue->last->next = thread;
  queue->last = thread;
}

// The thread that waited longest, or null.
static inline struct thread *queue_pop(struct thread_queue *queue) {
  struct thread *thread = queue->first;
  if (thread != NULL)
    queue->first = thread->next;
  return thread;
}

// --- What each implementation provides ---

// The lock over everything that threads share. It belongs to the kernel thread, and is held across
// context_switch: who switches away takes it, who is switched to lets it go, so that nobody meets a thread
// whose registers are half saved.
void scheduler_lock(void);
void scheduler_unlock(void);

// The thread this kernel thread is running.
struct thread *scheduler_current(void);

// The program has no thread yet but the one that is ready: runs that, and all that come of it.
_Noreturn void scheduler_start(void);

// Lock held: `thread` waits no more.
void scheduler_ready(struct thread *thread);

// Lock held: runs others until somebody has made the caller ready.
void scheduler_wait(void);

// Lock held: there is a new thread that sleeps, and maybe it wants to be woken before all others.
void scheduler_new_sleeper(void);

// --- What they share ---

// Lock held: enters `thread` among the living and numbers it.
void thread_enroll(struct thread *thread);

// Lock held, right after a switch: frees what the thread that ended by it leaves.
void thread_bury(void);

// Lock held: has the caller wait in `queue`.
void wait_in(struct thread_queue *queue, enum wait_kind kind, const void *waits_for);

// Lock held: makes those ready whose time has come. Returns whether there was anyone.
bool sleepers_wake(void);

// Lock held: whether any thread sleeps and, if so, for how many nanoseconds the first of them still will.
bool sleepers_next(uint64_t *nanoseconds);

// Lock held: all threads wait for each other. Says who for what, and ends the program.
_Noreturn void deadlock_report(void);

// Lock held: the living, linked by `next_alive`.
struct thread *threads_alive(void);
