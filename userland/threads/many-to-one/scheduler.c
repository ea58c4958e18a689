// All threads on one kernel thread: no locks, no system calls, no preemption, and no second processor.
#include "scheduler.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

// After so many switches descriptors and clock are looked at even though there is always someone to run.
enum { SWITCHES_BETWEEN_POLLS = 64 };

// Before the first thread and on the program's own stack; left for good when that begins.
static struct thread nobody;
static struct thread *current = &nobody;
static struct thread_queue ready;
static unsigned switches;

// Who waits for descriptors, and for which: poll wants an array of the latter.
static struct pollfd *descriptors;
static struct thread **waiters;
static unsigned waiting, room;

void scheduler_lock(void) {}
void scheduler_unlock(void) {}
struct thread *scheduler_current(void) { return current; }
void scheduler_ready(struct thread *thread) { queue_push(&ready, thread); }
void scheduler_new_sleeper(void) {}

const char *threads_model(void) { return "many-to-one"; }
void threads_set_concurrency(unsigned threads) { (void)threads; }

_Noreturn void scheduler_start(void) {
  scheduler_wait();
  __builtin_unreachable();
}

// Milliseconds, rounded up so that a sleeper is not found asleep still; -1 when nobody sleeps.
static int poll_timeout(void) {
  uint64_t nanoseconds;
  if (!sleepers_next(&nanoseconds))
    return -1;
  uint64_t milliseconds = nanoseconds / 1000000 + (nanoseconds % 1000000 != 0);
  return milliseconds < INT_MAX ? (int)milliseconds : INT_MAX;
}

static void poll_descriptors(int timeout) {
  if (poll(descriptors, waiting, timeout) <= 0)
    return;
  for (unsigned i = 0; i < waiting;) {
    if (descriptors[i].revents != 0) {
      scheduler_ready(waiters[i]);
      waiting--;
      descriptors[i] = descriptors[waiting];
      waiters[i] = waiters[waiting];
    } else
      i++;
  }
}

// Nobody is runnable: the whole program waits in the kernel. Not inlined: switching must stay short.
__attribute__((noinline)) static struct thread *idle(void) {
  struct thread *next;
  while ((next = queue_pop(&ready)) == NULL) {
    int timeout = poll_timeout();
    if (timeout < 0 && waiting == 0)
      deadlock_report();
    poll_descriptors(timeout);
    sleepers_wake();
  }
  return next;
}

__attribute__((noinline)) static void look_around(void) {
  sleepers_wake();
  if (waiting > 0)
    poll_descriptors(0);
}

void scheduler_wait(void) {
  if (++switches % SWITCHES_BETWEEN_POLLS == 0)
    look_around();
  struct thread *next = queue_pop(&ready);
  if (next == NULL)
    next = idle();
  struct thread *self = current;
  if (next == self)
    return;
  current = next;
  context_switch(&self->context, next->context);
  thread_bury();
}

void thread_yield(void) {
  queue_push(&ready, current);
  scheduler_wait();
}

static bool make_room(void) {
  if (waiting < room)
    return true;
  unsigned wanted = room == 0 ? 16 : 2 * room;
  struct pollfd *more_descriptors = realloc(descriptors, wanted * sizeof *descriptors);
  if (more_descriptors == NULL)
    return false;
  descriptors = more_descriptors;
  struct thread **more_waiters = realloc(waiters, wanted * sizeof *waiters);
  if (more_waiters == NULL)
    return false;
  waiters = more_waiters;
  room = wanted;
  return true;
}

// The jacket around a blocking call: asks whether it would block, and if so runs others until it would not.
// Returns 0 or -ENOMEM.
static int await(int descriptor, short events) {
  struct pollfd one = {.fd = descriptor, .events = events};
  if (poll(&one, 1, 0) != 0)
    return 0;
  if (!make_room())
    return -ENOMEM;
  descriptors[waiting] = one;
  waiters[waiting] = current;
  waiting++;
  current->wait_kind = WAIT_DESCRIPTOR;
  scheduler_wait();
  return 0;
}

ssize_t thread_read(int descriptor, void *buffer, size_t bytes) {
  int error = await(descriptor, POLLIN);
  if (error != 0)
    return error;
  ssize_t result = read(descriptor, buffer, bytes);
  return result < 0 ? -errno : result;
}

ssize_t thread_write(int descriptor, const void *buffer, size_t bytes) {
  int error = await(descriptor, POLLOUT);
  if (error != 0)
    return error;
  // poll promises room for so much only; a longer write could block after all.
  ssize_t result = write(descriptor, buffer, bytes < PIPE_BUF ? bytes : PIPE_BUF);
  return result < 0 ? -errno : result;
}

int thread_accept(int descriptor) {
  int error = await(descriptor, POLLIN);
  if (error != 0)
    return error;
  int result = accept4(descriptor, NULL, NULL, SOCK_CLOEXEC);
  return result < 0 ? -errno : result;
}
