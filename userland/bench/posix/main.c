// Measures the POSIX server, and what programs have on top of it: as a program, under the whole system.

#include "thread.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUNNABLE = 20, WARM_UP = 3, CREATIONS = 20, CALLS = 1000, SWITCHES = 1000 };

// On several harts the instructions of one say nothing: servers and new processes run on the others.
static bool alone;

struct moment {
  uint64_t instructions, ticks;
};

static struct moment moment_now(void) {
  struct moment now;
  __asm__ volatile("rdtime %0\n\trdinstret %1" : "=&r"(now.ticks), "=r"(now.instructions) : : "memory");
  return now;
}

static void require(bool holds, const char *what) {
  if (holds)
    return;
  printf("failed: %s: %s\n", what, strerror(errno));
  exit(EXIT_FAILURE);
}

static void measure(const char *name, void (*work)(void), unsigned rounds, unsigned events) {
  for (unsigned i = 0; i < WARM_UP; i++)
    work();
  struct moment start = moment_now();
  for (unsigned i = 0; i < rounds; i++)
    work();
  struct moment end = moment_now();
  printf("measured %s,", name);
  if (alone)
    printf("%" PRIu64, end.instructions - start.instructions);
  else
    putchar('-');
  printf(",%" PRIu64 ",%u\n", end.ticks - start.ticks, rounds * events);
}

static void call(void) { syscall(SYS_getpid); }

static void await(pid_t process) {
  int status;
  require(process > 0 && waitpid(process, &status, 0) == process && status == 0, "a child");
}

static void fork_and_wait(void) {
  pid_t process = fork();
  if (process == 0)
    _exit(0);
  await(process);
}

static void spawn_and_wait(void) {
  static char name[] = "true";
  static char *const arguments[] = {name, NULL};
  extern char **environ;
  pid_t process;
  require(posix_spawn(&process, "/bin/true", NULL, NULL, arguments, environ) == 0, "posix_spawn");
  await(process);
}

static void *nothing(void *argument) { return argument; }

static void create_and_join(void) {
  pthread_t thread;
  require(pthread_create(&thread, NULL, nothing, NULL) == 0, "pthread_create");
  pthread_join(thread, NULL);
}

static void *yield_always(void *unused) {
  for (;;)
    thread_yield();
  return unused;
}

static int measure_all(void *unused) {
  (void)unused;
  measure("null Linux call", call, CALLS, 1);
  measure("fork", fork_and_wait, CREATIONS, 1);
  measure("posix_spawn", spawn_and_wait, CREATIONS, 1);
  measure("pthread", create_and_join, CREATIONS, 1);
  for (unsigned i = 1; i < RUNNABLE; i++) {
    struct thread *thread;
    require(thread_create(&thread, yield_always, NULL) == 0, "a user-level thread");
  }
  measure("switch user-level thread", thread_yield, SWITCHES, RUNNABLE);
  return EXIT_SUCCESS;
}

int main(void) {
  alone = sysconf(_SC_NPROCESSORS_ONLN) == 1;
  threads_run(measure_all, NULL);
}
