#include "demonstration.h"
#include "thread.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS = 3, SILENCE_MILLISECONDS = 200 };

static atomic_bool reading, finished;
static atomic_ulong progress[WORKERS];

static void *work(void *argument) {
  atomic_ulong *mine = argument;
  while (!finished) {
    if (reading)
      (*mine)++;
    thread_yield();
  }
  return NULL;
}

static ssize_t plain_read(int descriptor, void *buffer, size_t bytes) {
  return read(descriptor, buffer, bytes);
}

// Starts a process that is silent for a while and then writes a byte. It cannot be a thread: that might stand
// still too.
static pid_t start_writer(int descriptor) {
  pid_t writer = fork();
  require(writer >= 0, "cannot fork");
  if (writer != 0)
    return writer;
  struct timespec silence = {.tv_nsec = SILENCE_MILLISECONDS * 1000000L};
  nanosleep(&silence, NULL);
  _exit(write(descriptor, "!", 1) == 1 ? 0 : 1);
}

static void run(const char *key, ssize_t (*reader)(int descriptor, void *buffer, size_t bytes)) {
  int ends[2];
  require(pipe(ends) == 0, "cannot make a pipe");
  finished = false;
  struct thread *workers[WORKERS];
  for (int i = 0; i < WORKERS; i++) {
    progress[i] = 0;
    require(thread_create(&workers[i], work, &progress[i]) == 0, "cannot create a thread");
  }
  thread_yield();
  pid_t writer = start_writer(ends[1]);
  char byte;
  reading = true;
  ssize_t count = reader(ends[0], &byte, 1);
  reading = false;
  finished = true;
  int ran = 0;
  for (int i = 0; i < WORKERS; i++) {
    thread_join(workers[i], NULL);
    ran += progress[i] > 0;
  }
  require(waitpid(writer, NULL, 0) == writer && count == 1, "the writer wrote nothing");
  close(ends[0]);
  close(ends[1]);
  printf("%s: %d of %d\n", key, ran, WORKERS);
}

void show_blocking_read(void) {
  // With one thread at a time even a machine of many processors shows whether the others stand still.
  threads_set_concurrency(1);
  run("ran during read()", plain_read);
  run("ran during thread_read()", thread_read);
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  threads_set_concurrency(online > 0 ? (unsigned)online : 1);
}
