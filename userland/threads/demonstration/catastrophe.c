#include "demonstration.h"
#include "thread.h"

#include <stddef.h>

static struct mutex left, right;

static void *right_first(void *unused) {
  mutex_lock(&right);
  thread_yield();
  mutex_lock(&left);
  return unused;
}

void deadlock(void) {
  mutex_init(&left);
  mutex_init(&right);
  mutex_lock(&left);
  struct thread *other;
  require(thread_create(&other, right_first, NULL) == 0, "cannot create a thread");
  while (mutex_try_lock(&right)) {
    mutex_unlock(&right);
    thread_yield();
  }
  mutex_lock(&right);
}

// Not a tail call, and something on the stack that counts.
static size_t descend(volatile char *above) {
  volatile char page[4096];
  page[0] = above[0];
  if (page[0] == 0)
    return 0; // Never; but the compiler must not know.
  return descend(page) + (size_t)page[0];
}

static void *descend_for_ever(void *unused) {
  volatile char start = 1;
  descend(&start);
  return unused;
}

void overflow(void) {
  struct thread *thread;
  require(thread_create(&thread, descend_for_ever, NULL) == 0, "cannot create a thread");
  thread_join(thread, NULL);
}
