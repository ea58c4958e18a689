#include "counter.h"
#include "demonstration.h"
#include "thread.h"

#include <inttypes.h>
#include <stdio.h>

enum { CREATIONS = 200, SWITCHES = 1000, LOCKINGS = 1000, RIVALS = 4, SECTIONS = 200, TRIALS = 3 };

static struct thread *create(void *(*start)(void *argument)) {
  struct thread *thread;
  require(thread_create(&thread, start, NULL) == 0, "cannot create a thread");
  return thread;
}

static void *nothing(void *unused) { return unused; }

static void create_and_join(void) {
  for (int i = 0; i < CREATIONS; i++)
    thread_join(create(nothing), NULL);
}

static void *yield_often(void *unused) {
  for (int i = 0; i < SWITCHES / 2; i++)
    thread_yield();
  return unused;
}

static void yield_in_turns(void) {
  struct thread *other = create(yield_often);
  yield_often(NULL);
  thread_join(other, NULL);
}

static struct semaphore ping, pong;

static void *answer(void *unused) {
  for (int i = 0; i < SWITCHES / 2; i++) {
    semaphore_wait(&ping);
    semaphore_post(&pong);
  }
  return unused;
}

static void wake_in_turns(void) {
  struct thread *other = create(answer);
  for (int i = 0; i < SWITCHES / 2; i++) {
    semaphore_post(&ping);
    semaphore_wait(&pong);
  }
  thread_join(other, NULL);
}

static struct mutex mutex;

static void lock_alone(void) {
  for (int i = 0; i < LOCKINGS; i++) {
    mutex_lock(&mutex);
    mutex_unlock(&mutex);
  }
}

static unsigned sections;

static void *compete(void *unused) {
  for (int i = 0; i < SECTIONS; i++) {
    mutex_lock(&mutex);
    unsigned before = sections;
    thread_yield(); // The others now find it locked.
    sections = before + 1;
    mutex_unlock(&mutex);
  }
  return unused;
}

static void lock_among_rivals(void) {
  struct thread *rivals[RIVALS];
  for (int i = 0; i < RIVALS; i++)
    rivals[i] = create(compete);
  for (int i = 0; i < RIVALS; i++)
    thread_join(rivals[i], NULL);
}

// The best of several trials is the one in which the system did nothing else in between.
static void measure(const char *key, void (*work)(void), uint64_t repetitions) {
  uint64_t best = UINT64_MAX;
  for (unsigned i = 0; i < TRIALS; i++) {
    uint64_t before = counter_read();
    work();
    uint64_t cost = counter_read() - before;
    if (cost < best)
      best = cost;
  }
  printf("%s: %" PRIu64 "\n", key, best / repetitions);
}

void show_costs(void) {
  semaphore_init(&ping, 0);
  semaphore_init(&pong, 0);
  mutex_init(&mutex);
  // One at a time: else what is measured is how far the processors are apart.
  threads_set_concurrency(1);
  printf("unit: %s\n", counter_unit());
  measure("create and join", create_and_join, CREATIONS);
  measure("yield to another", yield_in_turns, SWITCHES);
  measure("wake another and wait", wake_in_turns, SWITCHES);
  measure("lock and unlock, alone", lock_alone, LOCKINGS);
  measure("lock and unlock, contended", lock_among_rivals, RIVALS * SECTIONS);
  verdict("mutual exclusion", sections == TRIALS * RIVALS * SECTIONS);
}
