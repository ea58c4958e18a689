#include "scheduler.h"

enum { MUTEX_FREE, MUTEX_LOCKED, MUTEX_WAITED_FOR };

void wait_in(struct thread_queue *queue, enum wait_kind kind, const void *waits_for) {
  struct thread *self = scheduler_current();
  self->wait_kind = kind;
  self->waits_for = waits_for;
  queue_push(queue, self);
  scheduler_wait();
}

void mutex_init(struct mutex *mutex) { *mutex = (struct mutex){0}; }

static void lock_slowly(struct mutex *mutex) {
  scheduler_lock();
  // The owner, who unlocks without the scheduler's lock as long as nobody waits, either is done by now or
  // will see this.
  if (atomic_exchange_explicit(&mutex->state, MUTEX_WAITED_FOR, memory_order_acquire) != MUTEX_FREE)
    wait_in(&mutex->waiting, WAIT_MUTEX, mutex);
  scheduler_unlock();
}

bool mutex_try_lock(struct mutex *mutex) {
  unsigned expected = MUTEX_FREE;
  if (!atomic_compare_exchange_strong_explicit(&mutex->state, &expected, MUTEX_LOCKED, memory_order_acquire,
                                               memory_order_relaxed))
    return false;
  atomic_store_explicit(&mutex->owner, scheduler_current(), memory_order_relaxed);
  return true;
}

void mutex_lock(struct mutex *mutex) {
  if (mutex_try_lock(mutex))
    return;
  lock_slowly(mutex);
  atomic_store_explicit(&mutex->owner, scheduler_current(), memory_order_relaxed);
}

// Lock held. The mutex goes to whoever waited longest, without being free in between: nobody starves.
static void pass_on(struct mutex *mutex) {
  struct thread *heir = queue_pop(&mutex->waiting);
  atomic_store_explicit(&mutex->owner, heir, memory_order_relaxed);
  unsigned state = heir == NULL ? MUTEX_FREE : mutex->waiting.first == NULL ? MUTEX_LOCKED : MUTEX_WAITED_FOR;
  atomic_store_explicit(&mutex->state, state, memory_order_release);
  if (heir != NULL)
    scheduler_ready(heir);
}

void mutex_unlock(struct mutex *mutex) {
  atomic_store_explicit(&mutex->owner, NULL, memory_order_relaxed);
  unsigned expected = MUTEX_LOCKED;
  if (atomic_compare_exchange_strong_explicit(&mutex->state, &expected, MUTEX_FREE, memory_order_release,
                                              memory_order_relaxed))
    return;
  scheduler_lock();
  pass_on(mutex);
  scheduler_unlock();
}

void condition_init(struct condition *condition) { *condition = (struct condition){0}; }

void condition_wait(struct condition *condition, struct mutex *mutex) {
  scheduler_lock();
  pass_on(mutex);
  wait_in(&condition->waiting, WAIT_CONDITION, condition);
  scheduler_unlock();
  mutex_lock(mutex);
}

// Lock held. Returns whether anyone waited.
static bool wake_one(struct thread_queue *queue) {
  struct thread *thread = queue_pop(queue);
  if (thread != NULL)
    scheduler_ready(thread);
  return thread != NULL;
}

void condition_signal(struct condition *condition) {
  scheduler_lock();
  wake_one(&condition->waiting);
  scheduler_unlock();
}

void condition_broadcast(struct condition *condition) {
  scheduler_lock();
  while (wake_one(&condition->waiting))
    continue;
  scheduler_unlock();
}

void semaphore_init(struct semaphore *semaphore, unsigned count) {
  *semaphore = (struct semaphore){.count = count};
}

void semaphore_wait(struct semaphore *semaphore) {
  scheduler_lock();
  if (semaphore->count > 0)
    semaphore->count--;
  else
    wait_in(&semaphore->waiting, WAIT_SEMAPHORE, semaphore);
  scheduler_unlock();
}

// A thread that waits gets the unit itself, so nobody can come in between.
void semaphore_post(struct semaphore *semaphore) {
  scheduler_lock();
  if (!wake_one(&semaphore->waiting))
    semaphore->count++;
  scheduler_unlock();
}
