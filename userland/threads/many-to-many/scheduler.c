// Many threads on a few kernel threads. Of these at most `concurrency` carry a thread that runs; more exist
// only because some wait in the kernel, in calls that were announced (blocking.h), and the rest sleep on a
// futex.
#include "scheduler.h"

#include <pthread.h>
#include <unistd.h>

#include "blocking.h"
#include "lock.h"
#include "processor.h"

enum {
  // When so many calls block at once, runnable threads have to wait for one of them to return.
  KERNEL_THREADS = 64,
  // After so many switches the clock is looked at even though there is always someone to run.
  SWITCHES_BETWEEN_CLOCKS = 64,
};

static struct lock lock;
static struct thread_queue ready;
static struct processor processors[KERNEL_THREADS];
static struct processor *idle_processors;
// The one the program began with is there to carry the first thread. Until it does, none may run, so none is
// added.
static unsigned kernel_threads = 1;
static unsigned concurrency;
// Kernel threads that carry a thread which runs, and those whose thread is in a blocking call.
static unsigned running, blocked;
static unsigned switches;

void scheduler_lock(void) { lock_take(&lock); }
void scheduler_unlock(void) { lock_release(&lock); }
struct thread *scheduler_current(void) { return processor_self()->current; }

const char *threads_model(void) { return "many-to-many"; }

static void *processor_main(void *processor);

// Leaves the list of the idle, whether it was woken or its time was up.
static void leave_idle(struct processor *processor) {
  if (!processor->idle)
    return;
  struct processor **place = &idle_processors;
  while (*place != processor)
    place = &(*place)->next_idle;
  *place = processor->next_idle;
  processor->idle = false;
}

static void add_kernel_thread(void) {
  if (kernel_threads == KERNEL_THREADS)
    return;
  pthread_t id;
  if (pthread_create(&id, NULL, processor_main, &processors[kernel_threads]) != 0)
    return;
  pthread_detach(id);
  kernel_threads++;
}

// Has one more kernel thread look for something to do, if there may be something and one more may run.
static void engage(void) {
  if (running >= concurrency)
    return;
  struct processor *processor = idle_processors;
  if (processor != NULL) {
    leave_idle(processor);
    atomic_store(&processor->wakeup, 1);
    futex_wake(&processor->wakeup);
  } else
    add_kernel_thread();
}

void scheduler_ready(struct thread *thread) {
  queue_push(&ready, thread);
  engage();
}

// An idle kernel thread must know until when to sleep.
void scheduler_new_sleeper(void) { engage(); }

// Gives the kernel thread back to its own loop. Lock held, and the caller counts as running no more.
static void leave(struct processor *processor, struct thread *self) {
  processor->current = NULL;
  context_switch(&self->context, processor->idle_context);
  thread_bury();
}

void scheduler_wait(void) {
  if (++switches % SWITCHES_BETWEEN_CLOCKS == 0)
    sleepers_wake();
  struct processor *processor = processor_self();
  struct thread *self = processor->current;
  struct thread *next = running > concurrency ? NULL : queue_pop(&ready);
  if (next == self)
    return;
  if (next == NULL) {
    running--;
    leave(processor, self);
    return;
  }
  processor->current = next;
  context_switch(&self->context, next->context);
  thread_bury();
}

void thread_yield(void) {
  scheduler_lock();
  queue_push(&ready, scheduler_current());
  scheduler_wait();
  scheduler_unlock();
}

void threads_set_concurrency(unsigned threads) {
  scheduler_lock();
  concurrency = threads > 0 ? threads : 1;
  if (ready.first != NULL)
    engage();
  scheduler_unlock();
}

// Lock held before and after, not while asleep.
static void sleep_idle(struct processor *processor) {
  uint64_t nanoseconds = UINT64_MAX;
  bool sleepers = sleepers_next(&nanoseconds);
  if (!sleepers && running == 0 && blocked == 0)
    deadlock_report();
  atomic_store(&processor->wakeup, 0);
  processor->idle = true;
  processor->next_idle = idle_processors;
  idle_processors = processor;
  scheduler_unlock();
  futex_wait(&processor->wakeup, 0, nanoseconds);
  scheduler_lock();
  leave_idle(processor);
}

static void *processor_main(void *argument) {
  struct processor *processor = argument;
  processor_set_self(processor);
  scheduler_lock();
  for (;;) {
    sleepers_wake();
    struct thread *next = running < concurrency ? queue_pop(&ready) : NULL;
    if (next != NULL) {
      running++;
      processor->current = next;
      if (ready.first != NULL)
        engage();
      context_switch(&processor->idle_context, next->context);
      thread_bury();
    } else
      sleep_idle(processor);
  }
}

void blocking_begin(void) {
  scheduler_lock();
  running--;
  blocked++;
  uint64_t nanoseconds;
  if (ready.first != NULL || sleepers_next(&nanoseconds))
    engage();
  scheduler_unlock();
}

void blocking_end(void) {
  scheduler_lock();
  blocked--;
  if (running < concurrency)
    running++;
  else {
    struct processor *processor = processor_self();
    queue_push(&ready, processor->current);
    leave(processor, processor->current);
  }
  scheduler_unlock();
}

_Noreturn void scheduler_start(void) {
  processor_set_self(&processors[0]);
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  concurrency = online > 0 && online < KERNEL_THREADS ? (unsigned)online : 1;
  processor_main(&processors[0]);
  __builtin_unreachable();
}
