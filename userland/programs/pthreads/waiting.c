#include "check.h"
#include "crew.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

// --- Condition variables ---

enum { SLOTS = 4, ITEMS = 2000 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER, not_full = PTHREAD_COND_INITIALIZER;
static unsigned slots[SLOTS], filled, sum;

static void produce_or_consume(unsigned number) {
  for (unsigned item = 1; item <= ITEMS; item++) {
    pthread_mutex_lock(&mutex);
    if (number % 2 == 0) {
      while (filled == SLOTS)
        pthread_cond_wait(&not_full, &mutex);
      slots[filled++] = item;
      pthread_cond_signal(&not_empty);
    } else {
      while (filled == 0)
        pthread_cond_wait(&not_empty, &mutex);
      sum += slots[--filled];
      pthread_cond_signal(&not_full);
    }
    pthread_mutex_unlock(&mutex);
  }
}

bool condition_bounded_buffer(void) {
  sum = 0;
  crew_run(4, produce_or_consume);
  return sum == 2u * ITEMS * (ITEMS + 1) / 2 && filled == 0;
}

bool condition_times_out(void) {
  struct timespec start, until, end;
  clock_gettime(CLOCK_REALTIME, &start);
  until = start;
  until.tv_nsec += 50000000;
  if (until.tv_nsec >= 1000000000) {
    until.tv_nsec -= 1000000000;
    until.tv_sec++;
  }
  pthread_mutex_lock(&mutex);
  int result;
  do // Nobody signals, but POSIX allows waking for no reason.
    result = pthread_cond_timedwait(&not_empty, &mutex, &until);
  while (result == 0);
  bool mine = pthread_mutex_trylock(&mutex) == EBUSY;
  pthread_mutex_unlock(&mutex);
  clock_gettime(CLOCK_REALTIME, &end);
  bool late = end.tv_sec > until.tv_sec || (end.tv_sec == until.tv_sec && end.tv_nsec >= until.tv_nsec);
  return result == ETIMEDOUT && mine && late;
}

// --- Barriers ---

enum { CREW = 8, ROUNDS = 20 };

static pthread_barrier_t barrier;
static atomic_uint arrivals, too_early, serial;

static void march(unsigned number) {
  (void)number;
  for (unsigned round = 1; round <= ROUNDS; round++) {
    arrivals++;
    if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
      serial++;
    if (arrivals < round * CREW)
      too_early++;
    pthread_barrier_wait(&barrier);
  }
}

bool barrier_holds_all(void) {
  pthread_barrier_init(&barrier, NULL, CREW);
  crew_run(CREW, march);
  pthread_barrier_destroy(&barrier);
  return arrivals == CREW * ROUNDS && too_early == 0 && serial == ROUNDS;
}

// --- Semaphores ---

enum { SEATS = 3 };

static sem_t seats;
static atomic_int seated, most_seated;

static void sit(unsigned number) {
  (void)number;
  for (int i = 0; i < 5; i++) {
    sem_wait(&seats);
    int now = ++seated;
    int most = most_seated;
    while (now > most && !atomic_compare_exchange_weak(&most_seated, &most, now))
      continue;
    usleep(2000);
    seated--;
    sem_post(&seats);
  }
}

bool semaphore_counts(void) {
  sem_init(&seats, 0, SEATS);
  crew_run(CREW, sit);
  int left;
  sem_getvalue(&seats, &left);
  bool none = true;
  for (int i = 0; i < SEATS; i++)
    none = none && sem_trywait(&seats) == 0;
  return left == SEATS && most_seated == SEATS && none && sem_trywait(&seats) == -1 && errno == EAGAIN;
}

// --- Read-write locks ---

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static atomic_int readers, most_readers, writers, clashes;

static void read_or_write(unsigned number) {
  for (int i = 0; i < 5; i++) {
    if (number % 4 == 0) {
      pthread_rwlock_wrlock(&rwlock);
      if (++writers != 1 || readers != 0)
        clashes++;
      usleep(1000);
      writers--;
    } else {
      pthread_rwlock_rdlock(&rwlock);
      int now = ++readers;
      if (now > most_readers)
        most_readers = now;
      if (writers != 0)
        clashes++;
      usleep(1000);
      readers--;
    }
    pthread_rwlock_unlock(&rwlock);
  }
}

bool rwlock_shares_among_readers(void) {
  crew_run(CREW, read_or_write);
  return clashes == 0 && most_readers > 1;
}
