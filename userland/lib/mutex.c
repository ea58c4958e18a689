#include "lib/mutex.h"
#include "lib/kernel.h"

void mutex_lock_contended(struct mutex *mutex) {
  // From here on the mutex is only ever taken as "somebody may be waiting": this thread cannot know better.
  while (atomic_exchange_explicit(&mutex->state, 2, memory_order_acquire) != 0)
    kernel_futex_wait(&mutex->state, 2, WAIT_FOREVER);
}

void mutex_unlock_contended(struct mutex *mutex) { kernel_futex_wake(&mutex->state, 1); }

bool condition_wait(struct condition *condition, struct mutex *mutex, uint64_t deadline) {
  uint32_t signals = atomic_load(&condition->signals);
  atomic_fetch_add(&condition->waiters, 1);
  mutex_unlock(mutex);
  int64_t error = kernel_futex_wait(&condition->signals, signals, deadline);
  atomic_fetch_sub(&condition->waiters, 1);
  mutex_lock(mutex);
  return error != -ETIMEDOUT;
}

static void wake(struct condition *condition, uint64_t most) {
  atomic_fetch_add(&condition->signals, 1);
  if (atomic_load(&condition->waiters) != 0)
    kernel_futex_wake(&condition->signals, most);
}

void condition_signal(struct condition *condition) { wake(condition, 1); }

void condition_broadcast(struct condition *condition) { wake(condition, UINT64_MAX); }
