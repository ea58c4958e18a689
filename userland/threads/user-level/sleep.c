#include "scheduler.h"

#include <time.h>

// In the order in which they want to be woken.
static struct thread *sleepers;

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

void thread_sleep(uint64_t nanoseconds) {
  scheduler_lock();
  struct thread *self = scheduler_current();
  uint64_t time = now();
  self->wake_time = nanoseconds > UINT64_MAX - time ? UINT64_MAX : time + nanoseconds;
  struct thread **place = &sleepers;
  while (*place != NULL && (*place)->wake_time <= self->wake_time)
    place = &(*place)->next;
  self->next = *place;
  *place = self;
  self->wait_kind = WAIT_TIME;
  scheduler_new_sleeper();
  scheduler_wait();
  scheduler_unlock();
}

bool sleepers_wake(void) {
  if (sleepers == NULL)
    return false;
  uint64_t time = now();
  bool any = false;
  while (sleepers != NULL && sleepers->wake_time <= time) {
    struct thread *thread = sleepers;
    sleepers = thread->next;
    scheduler_ready(thread);
    any = true;
  }
  return any;
}

bool sleepers_next(uint64_t *nanoseconds) {
  if (sleepers == NULL)
    return false;
  uint64_t time = now();
  *nanoseconds = sleepers->wake_time > time ? sleepers->wake_time - time : 0;
  return true;
}
