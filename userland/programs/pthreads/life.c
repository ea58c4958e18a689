#include "check.h"
#include "crew.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <unistd.h>

enum { THREADS = 8, AT_ONCE = 64 };

static void *square(void *number) {
  uintptr_t value = (uintptr_t)number;
  if (value % 2 == 0)
    pthread_exit((void *)(value * value));
  return (void *)(value * value);
}

bool join_returns_results(void) {
  pthread_t threads[THREADS];
  bool good = true;
  for (uintptr_t i = 0; i < THREADS; i++)
    good = good && pthread_create(&threads[i], NULL, square, (void *)i) == 0;
  for (uintptr_t i = 0; good && i < THREADS; i++) {
    void *result;
    good = pthread_join(threads[i], &result) == 0 && (uintptr_t)result == i * i;
  }
  return good;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_int times, unprepared;

static void prepare(void) {
  usleep(20000); // Time enough for the others to come and have to wait.
  times++;
}

static void want_prepared(unsigned number) {
  (void)number;
  pthread_once(&once, prepare);
  if (times != 1)
    unprepared++;
}

bool once_runs_once(void) {
  crew_run(THREADS, want_prepared);
  return times == 1 && unprepared == 0;
}

static _Thread_local unsigned own = 4711;
static pthread_key_t key;
static atomic_uint mixed_up, destroyed;

static void destroy(void *value) { destroyed += *(unsigned *)value; }

static void keep_values(unsigned number) {
  static unsigned ones[THREADS];
  if (own != 4711 || pthread_getspecific(key) != NULL)
    mixed_up++;
  own = number;
  ones[number] = 1;
  pthread_setspecific(key, &ones[number]);
  usleep(2000);
  if (own != number || pthread_getspecific(key) != &ones[number])
    mixed_up++;
}

bool values_are_per_thread(void) {
  pthread_key_create(&key, destroy);
  crew_run(THREADS, keep_values);
  pthread_key_delete(key);
  return mixed_up == 0 && destroyed == THREADS && own == 4711;
}

static int ends[2];
static atomic_bool reading;
static atomic_int worked;

static void read_or_work(unsigned number) {
  char byte;
  if (number == 0) {
    reading = true;
    if (read(ends[0], &byte, 1) != 1)
      worked = -1;
    reading = false;
    return;
  }
  while (!reading)
    usleep(1000);
  usleep(20000);
  // The last of those that worked while one waited lets it go on.
  if (reading && ++worked == THREADS - 1 && write(ends[1], "!", 1) != 1)
    worked = -1;
}

bool read_blocks_one_thread(void) {
  if (pipe(ends) != 0)
    return false;
  crew_run(THREADS, read_or_work);
  close(ends[0]);
  close(ends[1]);
  return worked == THREADS - 1;
}

static pthread_barrier_t all_there;
static atomic_uint alive;

static void be_there(unsigned number) {
  (void)number;
  alive++;
  pthread_barrier_wait(&all_there);
}

bool many_threads_at_once(void) {
  pthread_barrier_init(&all_there, NULL, AT_ONCE);
  crew_run(AT_ONCE, be_there);
  return alive == AT_ONCE;
}

static atomic_int cleaned_up;

static void clean_up(void *unused) {
  (void)unused;
  cleaned_up++;
}

static void *wait_for_nothing(void *unused) {
  char byte;
  pthread_cleanup_push(clean_up, NULL);
  (void)!read(ends[0], &byte, 1);
  pthread_cleanup_pop(0);
  return unused;
}

bool cancellation_cleans_up(void) {
  pthread_t thread;
  void *result;
  if (pipe(ends) != 0 || pthread_create(&thread, NULL, wait_for_nothing, NULL) != 0)
    return false;
  usleep(20000);
  pthread_cancel(thread);
  pthread_join(thread, &result);
  close(ends[0]);
  close(ends[1]);
  return result == PTHREAD_CANCELED && cleaned_up == 1;
}
