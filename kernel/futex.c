#include "futex.h"
#include "call.h"
#include "process.h"

#define BUCKETS 256

// Waiting threads by what they wait for; others may share the queue.
static struct thread_queue buckets[BUCKETS];

static struct thread_queue *bucket_of(struct futex_key key) {
  uint64_t hash = ((uint64_t)key.memory >> 4 ^ key.offset >> 2) * 0x9e3779b97f4a7c15;
  return &buckets[hash >> 56];
}

// A word is known by its memory object, so that address spaces which share it mean the same. Returns false
// when nothing is mapped there.
static bool find_key(struct thread *thread, uint64_t address, struct futex_key *key) {
  const struct region *region = address_space_find(&thread->process->space, address);
  if (region == NULL)
    return false;
  *key = (struct futex_key){region->memory, address - region->start + region->first_page * PAGE_SIZE};
  return true;
}

int64_t futex_wait(struct thread *thread, uint64_t address, uint32_t expected, uint64_t deadline) {
  struct page_request request = {0};
  uint32_t value;
  if (address % sizeof value != 0)
    return -EINVAL;
  enum page_outcome outcome =
      address_space_copy_in(&thread->process->space, &value, address, sizeof value, &request);
  if (outcome != PAGE_PRESENT)
    return page_error(thread, outcome, &request);
  if (!find_key(thread, address, &thread->futex))
    return -EFAULT;
  if (value != expected || deadline == 0)
    return -EAGAIN;
  object_retain(&thread->futex.memory->object); // or another object might take its place, and its waiters
  thread_wait(thread, WAIT_FUTEX, bucket_of(thread->futex), deadline);
  return CALL_PENDING;
}

int64_t futex_wake(struct thread *thread, uint64_t address, uint64_t most) {
  struct futex_key key;
  if (address % sizeof(uint32_t) != 0)
    return -EINVAL;
  if (!find_key(thread, address, &key))
    return -EFAULT;
  int64_t woken = 0;
  for (struct thread *waiter = bucket_of(key)->first; waiter != NULL && (uint64_t)woken < most;) {
    struct thread *next = waiter->next;
    if (waiter->futex.memory == key.memory && waiter->futex.offset == key.offset) {
      thread_complete(waiter, 0);
      woken++;
    }
    waiter = next;
  }
  return woken;
}
