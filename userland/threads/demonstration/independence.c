#include "demonstration.h"
#include "thread.h"

#include <fenv.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { THREADS = 8, TERMS = 200 };

static void stay(void) {}

// The harmonic series, whose value depends on how it is rounded, kept in registers across `pause`.
static double harmonic(double from, void (*pause)(void)) {
  double sum = 0, product = 1;
  for (double term = from; term < from + TERMS; term++) {
    sum += 1 / term;
    product *= 1 + 1 / (term * term);
    pause();
  }
  return sum * product;
}

static const int roundings[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};

struct task {
  int number;
  bool good;
};

static unsigned key;

static void *compute(void *argument) {
  struct task *task = argument;
  bool unset = thread_value(key) == NULL;
  thread_set_value(key, task);
  fesetround(roundings[task->number % 4]);
  double alone = harmonic(task->number + 1, stay);
  double among_others = harmonic(task->number + 1, thread_yield);
  bool rounding_kept = fegetround() == roundings[task->number % 4];
  task->good = unset && alone == among_others && rounding_kept && thread_value(key) == task;
  return task;
}

static void show_own_state(void) {
  require(thread_key_create(&key) == 0, "cannot create a key");
  struct task tasks[THREADS] = {0};
  struct thread *threads[THREADS];
  for (int i = 0; i < THREADS; i++) {
    tasks[i].number = i;
    require(thread_create(&threads[i], compute, &tasks[i]) == 0, "cannot create a thread");
  }
  bool good = true;
  for (int i = 0; i < THREADS; i++) {
    void *result;
    thread_join(threads[i], &result);
    good = good && result == &tasks[i] && tasks[i].good;
  }
  verdict("own registers, rounding and values", good);
}

// The gap is long enough for a busy host to start a thread late.
enum { SLEEPERS = 3, GAP_NANOSECONDS = 100000000 };

static atomic_int awake;
static atomic_int order[SLEEPERS];

static void *sleep_for(void *argument) {
  intptr_t number = (intptr_t)argument;
  thread_sleep((uint64_t)(SLEEPERS - number) * GAP_NANOSECONDS);
  order[awake++] = (int)number;
  return NULL;
}

static void show_sleep(void) {
  struct thread *threads[SLEEPERS];
  for (intptr_t i = 0; i < SLEEPERS; i++)
    require(thread_create(&threads[i], sleep_for, (void *)i) == 0, "cannot create a sleeper");
  for (int i = 0; i < SLEEPERS; i++)
    thread_join(threads[i], NULL);
  bool good = true;
  for (int i = 0; i < SLEEPERS; i++)
    good = good && order[i] == SLEEPERS - 1 - i;
  verdict("sleepers wake in order", good);
}

enum { PASSERS_BY = 200 };

static struct semaphore gone;

static void *pass_by(void *unused) {
  semaphore_post(&gone);
  return unused;
}

static void show_detached(void) {
  semaphore_init(&gone, 0);
  for (int i = 0; i < PASSERS_BY; i++) {
    struct thread *thread;
    require(thread_create(&thread, pass_by, NULL) == 0, "cannot create a thread");
    thread_detach(thread);
  }
  for (int i = 0; i < PASSERS_BY; i++)
    semaphore_wait(&gone);
  verdict("detached threads", true);
}

void show_independence(void) {
  show_own_state();
  show_sleep();
  show_detached();
}
