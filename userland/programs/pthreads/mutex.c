#include "check.h"
#include "counter.h"
#include "crew.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4, TURNS = 5000, YIELD_EVERY = 100 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned counter;

static void count(unsigned number) {
  (void)number;
  for (unsigned i = 0; i < TURNS; i++) {
    pthread_mutex_lock(&mutex);
    unsigned before = counter;
    if (i % YIELD_EVERY == 0)
      sched_yield(); // On one hart nobody would come in between otherwise.
    counter = before + 1;
    pthread_mutex_unlock(&mutex);
  }
}

bool mutex_excludes(void) {
  counter = 0;
  crew_run(THREADS, count);
  return counter == THREADS * TURNS;
}

static void make(pthread_mutex_t *made, int kind) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, kind);
  pthread_mutex_init(made, &attributes);
}

static pthread_mutex_t recursive, checking;
static int foreign_try, foreign_unlock;

static void meddle(unsigned number) {
  (void)number;
  foreign_try = pthread_mutex_trylock(&recursive);
  foreign_unlock = pthread_mutex_unlock(&checking);
}

bool mutex_kinds(void) {
  make(&recursive, PTHREAD_MUTEX_RECURSIVE);
  make(&checking, PTHREAD_MUTEX_ERRORCHECK);
  bool good = pthread_mutex_lock(&recursive) == 0 && pthread_mutex_lock(&recursive) == 0;
  good = good && pthread_mutex_lock(&checking) == 0 && pthread_mutex_lock(&checking) == EDEADLK;
  crew_run(1, meddle);
  good = good && foreign_try == EBUSY && foreign_unlock == EPERM;
  good = good && pthread_mutex_unlock(&recursive) == 0 && pthread_mutex_unlock(&recursive) == 0;
  good = good && pthread_mutex_unlock(&checking) == 0 && pthread_mutex_unlock(&checking) == EPERM;
  crew_run(1, meddle); // It now is free, and this thread takes and keeps it.
  return good && foreign_try == 0 && pthread_mutex_trylock(&recursive) == EBUSY;
}

enum { LOCKINGS = 100, INSTRUCTIONS_AT_MOST = 100, TRIALS = 10 };

static void lock_alone(void) {
  for (unsigned i = 0; i < LOCKINGS; i++) {
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
  }
}

// Fewer instructions than any way into the kernel and back takes. The best of several trials is not the one
// in which the timer interrupted, or the thread changed its hart.
static bool costs_little(void) {
  uint64_t best = UINT64_MAX;
  for (unsigned i = 0; i < TRIALS; i++) {
    uint64_t before = instret_read();
    lock_alone();
    uint64_t each = (instret_read() - before) / LOCKINGS;
    if (each < best)
      best = each;
  }
  printf("a mutex alone costs %" PRIu64 " instructions\n", best);
  return best <= INSTRUCTIONS_AT_MOST;
}

// Linux can have a process killed that makes any call but read, write, exit and sigreturn.
static bool survives_without_calls(void) {
  pid_t child = fork();
  if (child == 0) {
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
      syscall(SYS_exit, 2);
    lock_alone();
    syscall(SYS_exit, 0);
  }
  int status;
  if (child < 0 || waitpid(child, &status, 0) != child)
    return false;
  bool allowed = !(WIFEXITED(status) && WEXITSTATUS(status) == 2);
  puts(allowed ? "a mutex alone was tried where system calls kill"
               : "neither instret nor seccomp: cannot tell");
  return allowed && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool mutex_alone_makes_no_system_call(void) {
  return instret_counts() ? costs_little() : survives_without_calls();
}
