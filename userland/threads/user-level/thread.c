#include "scheduler.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Stacks kept for threads to come: a create and exit then need no system call.
enum { SPARE_STACKS = 64 };

static struct thread *alive;
static unsigned last_number;
// Ended and detached, but the stack was in use until the switch.
static struct thread *to_bury;
static struct thread_queue spare;
static unsigned spares;
static unsigned keys;

struct thread *threads_alive(void) { return alive; }

void thread_enroll(struct thread *thread) {
  thread->number = ++last_number;
  thread->next_alive = alive;
  if (alive != NULL)
    alive->previous_alive = thread;
  alive = thread;
}

static void strike_off(struct thread *thread) {
  if (thread->previous_alive != NULL)
    thread->previous_alive->next_alive = thread->next_alive;
  else
    alive = thread->next_alive;
  if (thread->next_alive != NULL)
    thread->next_alive->previous_alive = thread->previous_alive;
}

// A thread's record lies at the upper end of its stack.
static void *stack_top(struct thread *thread) { return thread + 1; }

static void release(struct thread *thread) {
  if (spares < SPARE_STACKS) {
    queue_push(&spare, thread);
    spares++;
  } else
    stack_free(stack_top(thread));
}

static struct thread *obtain(void) {
  struct thread *thread = queue_pop(&spare);
  if (thread != NULL)
    spares--;
  else {
    void *top = stack_allocate();
    if (top == NULL)
      return NULL;
    thread = (struct thread *)top - 1;
  }
  memset(thread, 0, sizeof *thread);
  return thread;
}

void thread_bury(void) {
  if (to_bury == NULL)
    return;
  release(to_bury);
  to_bury = NULL;
}

static void begin(void) {
  thread_bury();
  scheduler_unlock();
  struct thread *self = thread_self();
  thread_exit(self->start(self->argument));
}

int thread_create(struct thread **thread, void *(*start)(void *argument), void *argument) {
  scheduler_lock();
  struct thread *created = obtain();
  if (created != NULL) {
    created->start = start;
    created->argument = argument;
    created->context = context_begin(created, begin);
    thread_enroll(created);
    *thread = created;
    scheduler_ready(created);
  }
  scheduler_unlock();
  return created != NULL ? 0 : -ENOMEM;
}

static int (*first_function)(void *argument);

static void *run_first(void *argument) { exit(first_function(argument)); }

_Noreturn void threads_run(int (*first)(void *argument), void *argument) {
  first_function = first;
  struct thread *thread;
  if (thread_create(&thread, run_first, argument) != 0) {
    fputs("no memory for the first thread\n", stderr);
    exit(EXIT_FAILURE);
  }
  scheduler_start();
}

_Noreturn void thread_exit(void *result) {
  struct thread *self = thread_self();
  scheduler_lock();
  self->result = result;
  self->ended = true;
  strike_off(self);
  if (alive == NULL)
    exit(EXIT_SUCCESS);
  if (self->detached)
    to_bury = self;
  if (self->joiner != NULL)
    scheduler_ready(self->joiner);
  scheduler_wait();
  __builtin_unreachable();
}

int thread_join(struct thread *thread, void **result) {
  scheduler_lock();
  if (thread->detached || thread->joiner != NULL) {
    scheduler_unlock();
    return -EINVAL;
  }
  struct thread *self = scheduler_current();
  thread->joiner = self;
  if (!thread->ended) {
    self->wait_kind = WAIT_THREAD;
    self->waits_for = thread;
    scheduler_wait();
  }
  if (result != NULL)
    *result = thread->result;
  release(thread);
  scheduler_unlock();
  return 0;
}

void thread_detach(struct thread *thread) {
  scheduler_lock();
  thread->detached = true;
  if (thread->ended)
    release(thread);
  scheduler_unlock();
}

struct thread *thread_self(void) { return scheduler_current(); }

unsigned thread_number(const struct thread *thread) { return thread->number; }

int thread_key_create(unsigned *key) {
  scheduler_lock();
  bool free = keys < THREAD_KEYS;
  if (free)
    *key = keys++;
  scheduler_unlock();
  return free ? 0 : -EAGAIN;
}

void thread_set_value(unsigned key, void *value) { thread_self()->values[key] = value; }

void *thread_value(unsigned key) { return thread_self()->values[key]; }
