#include "futex.h"
#include "process.h"
#include "space.h"
#include "user.h"
#include <errno.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 1024

struct futex_waiter {
  struct futex_key key;
  uint32_t bits;
  uint32_t value; // of the word
  bool woken;
  bool private; // to the process
  bool timed;   // ends by itself
  bool waits;   // in a bucket
  struct task *task;
  struct futex_waiter *next, *previous;
};

// Queues: the first has waited longest.
static struct bucket {
  struct futex_waiter *first, *last;
} buckets[BUCKETS];

static struct bucket *bucket_of(struct futex_key key) {
  uint64_t hash = ((uint64_t)key.object / 16 + key.offset / 4) * 0x9e3779b97f4a7c15ul;
  return &buckets[hash >> 54 & (BUCKETS - 1)];
}

static bool same(struct futex_key a, struct futex_key b) {
  return a.object == b.object && a.offset == b.offset;
}

static void enqueue(struct futex_waiter *waiter) {
  struct bucket *bucket = bucket_of(waiter->key);
  waiter->waits = true;
  waiter->next = NULL;
  waiter->previous = bucket->last;
  if (bucket->last != NULL)
    bucket->last->next = waiter;
  else
    bucket->first = waiter;
  bucket->last = waiter;
}

static void dequeue(struct futex_waiter *waiter) {
  struct bucket *bucket = bucket_of(waiter->key);
  waiter->waits = false;
  if (waiter->next != NULL)
    waiter->next->previous = waiter->previous;
  else
    bucket->last = waiter->previous;
  if (waiter->previous != NULL)
    waiter->previous->next = waiter->next;
  else
    bucket->first = waiter->next;
}

void futex_leave(struct task *task) {
  struct futex_waiter *waiter = task->futex;
  if (waiter->waits)
    dequeue(waiter);
  if (waiter->woken)
    return; // the call is about to be tried again and sees it
  task->futex = NULL;
  free(waiter);
}

void futex_forget(struct task *task) {
  free(task->futex);
  task->futex = NULL;
}

static int64_t wake(struct futex_key key, uint32_t most, uint32_t bits) {
  uint32_t woken = 0;
  struct futex_waiter *next;
  for (struct futex_waiter *waiter = bucket_of(key)->first; waiter != NULL && woken < most; waiter = next) {
    next = waiter->next;
    if (!same(waiter->key, key) || (waiter->bits & bits) == 0)
      continue;
    waiter->woken = true;
    task_wake(waiter->task);
    woken++;
  }
  return woken;
}

int64_t futex_wake(struct space *space, uint64_t address, uint32_t most) {
  int64_t woken = wake(space_futex_key(space, address, true), most, FUTEX_BITSET_MATCH_ANY);
  struct futex_key shared = space_futex_key(space, address, false);
  return same(shared, space_futex_key(space, address, true))
             ? woken
             : woken + wake(shared, most - (uint32_t)woken, FUTEX_BITSET_MATCH_ANY);
}

static int64_t requeue(struct futex_key from, struct futex_key to, uint32_t wake_most, uint32_t move_most) {
  int64_t woken = wake(from, wake_most, FUTEX_BITSET_MATCH_ANY);
  uint32_t moved = 0;
  struct futex_waiter *next;
  for (struct futex_waiter *waiter = bucket_of(from)->first; waiter != NULL && moved < move_most;
       waiter = next) {
    next = waiter->next;
    if (!same(waiter->key, from))
      continue;
    dequeue(waiter);
    waiter->key = to;
    enqueue(waiter);
    moved++;
  }
  return woken + moved;
}

static int64_t await_wake(struct task *task, const uint64_t *arguments, bool absolute, bool realtime,
                          bool private, uint32_t bits) {
  if (task->futex != NULL && task->futex->woken) {
    futex_forget(task);
    return 0;
  }
  if (bits == 0)
    return -EINVAL;
  uint64_t when = NEVER;
  if (!task->call.retried && arguments[3] != 0) {
    struct timespec timeout;
    if (copy_in(task, &timeout, arguments[3], sizeof timeout) < 0)
      return -EFAULT;
    if (!timespec_valid(&timeout))
      return -EINVAL;
    when =
        clock_deadline(&timeout, absolute ? (realtime ? CLOCK_REALTIME : CLOCK_MONOTONIC) : CLOCK_RELATIVE);
  }
  uint32_t value;
  if (arguments[0] % sizeof value != 0)
    return -EINVAL;
  if (copy_in(task, &value, arguments[0], sizeof value) < 0)
    return -EFAULT;
  if (value != (uint32_t)arguments[2])
    return -EAGAIN;
  int64_t error = task_await_deadline(task, when);
  if (error < 0)
    return error;
  struct futex_waiter *waiter = calloc(1, sizeof *waiter);
  if (waiter == NULL)
    return -ENOMEM;
  waiter->key = space_futex_key(task->process->space, arguments[0], private);
  waiter->bits = bits;
  waiter->value = value;
  waiter->private = private;
  waiter->timed = task->call.deadline != NEVER;
  waiter->task = task;
  enqueue(waiter);
  task->futex = waiter;
  return CALL_BLOCKS;
}

HANDLER(sys_futex) {
  uint64_t operation = arguments[1] & FUTEX_CMD_MASK;
  bool private = (arguments[1] & FUTEX_PRIVATE_FLAG) != 0;
  bool realtime = (arguments[1] & FUTEX_CLOCK_REALTIME) != 0;
  struct space *space = task->process->space;
  switch (operation) {
  case FUTEX_WAIT:
    return await_wake(task, arguments, false, false, private, FUTEX_BITSET_MATCH_ANY);
  case FUTEX_WAIT_BITSET:
    return await_wake(task, arguments, true, realtime, private, (uint32_t)arguments[5]);
  case FUTEX_WAKE:
    return wake(space_futex_key(space, arguments[0], private), (uint32_t)arguments[2],
                FUTEX_BITSET_MATCH_ANY);
  case FUTEX_WAKE_BITSET:
    return wake(space_futex_key(space, arguments[0], private), (uint32_t)arguments[2],
                (uint32_t)arguments[5]);
  case FUTEX_REQUEUE:
  case FUTEX_CMP_REQUEUE: {
    uint32_t value;
    if (copy_in(task, &value, arguments[0], sizeof value) < 0)
      return -EFAULT;
    if (operation == FUTEX_CMP_REQUEUE && value != (uint32_t)arguments[5])
      return -EAGAIN;
    return requeue(space_futex_key(space, arguments[0], private),
                   space_futex_key(space, arguments[4], private), (uint32_t)arguments[2],
                   (uint32_t)arguments[3]);
  }
  default:
    return -ENOSYS;
  }
}

bool futex_awaits_sibling(const struct task *task) {
  const struct futex_waiter *waiter = task->futex;
  return waiter != NULL && waiter->waits && waiter->private && !waiter->timed;
}

// The low bits of such a mutex are its owner's id; a plain one has EBUSY there.
#define OWNER_BITS 0x3fffffffu

const struct task *futex_owner(const struct task *task) {
  uint32_t owner = task->futex->value & OWNER_BITS;
  const struct task *found = owner != EBUSY ? task_by_id((pid_t)owner) : NULL;
  return found != NULL && found->process == task->process ? found : NULL;
}
