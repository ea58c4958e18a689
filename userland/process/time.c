// The system calls about time.
#include "calls.h"
#include "process.h"
#include "user.h"
#include <errno.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

static int64_t clock_read(struct task *task, uint64_t clock, uint64_t *nanoseconds) {
  switch (clock) {
  case CLOCK_REALTIME:
  case CLOCK_REALTIME_COARSE:
    *nanoseconds = clock_realtime_base() + ticks_to_nanoseconds(clock_now());
    return 0;
  case CLOCK_MONOTONIC:
  case CLOCK_MONOTONIC_RAW:
  case CLOCK_MONOTONIC_COARSE:
  case CLOCK_BOOTTIME:
    *nanoseconds = ticks_to_nanoseconds(clock_now());
    return 0;
  case CLOCK_PROCESS_CPUTIME_ID:
  case CLOCK_THREAD_CPUTIME_ID:
    *nanoseconds = ticks_to_nanoseconds(task->process->ticks + process_running_ticks(task->process));
    return 0;
  default:
    return -EINVAL;
  }
}

HANDLER(sys_clock_gettime) {
  uint64_t nanoseconds;
  int64_t error = clock_read(task, arguments[0], &nanoseconds);
  if (error < 0)
    return error;
  struct timespec time = nanoseconds_to_timespec(nanoseconds);
  return copy_out(task, arguments[1], &time, sizeof time);
}

HANDLER(sys_clock_settime) {
  struct timespec time;
  if (arguments[0] != CLOCK_REALTIME)
    return -EINVAL;
  if (copy_in(task, &time, arguments[1], sizeof time) < 0)
    return -EFAULT;
  if (!timespec_valid(&time))
    return -EINVAL;
  clock_set_realtime(timespec_nanoseconds(&time));
  return 0;
}

HANDLER(sys_clock_getres) {
  uint64_t nanoseconds;
  int64_t error = clock_read(task, arguments[0], &nanoseconds);
  struct timespec resolution = nanoseconds_to_timespec(ticks_to_nanoseconds(1));
  if (resolution.tv_nsec == 0 && resolution.tv_sec == 0)
    resolution.tv_nsec = 1;
  if (error < 0 || arguments[1] == 0)
    return error;
  return copy_out(task, arguments[1], &resolution, sizeof resolution);
}

HANDLER(sys_gettimeofday) {
  struct timespec now = clock_realtime();
  struct timeval time = {.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  struct timezone zone = {0};
  if (arguments[0] != 0 && copy_out(task, arguments[0], &time, sizeof time) < 0)
    return -EFAULT;
  return arguments[1] != 0 ? copy_out(task, arguments[1], &zone, sizeof zone) : 0;
}

// What is left of an interrupted sleep goes where its caller said.
static void tell_remaining(struct task *task) {
  bool plain = task->call.number == SYS_nanosleep;
  uint64_t address = task->call.arguments[plain ? 1 : 3];
  bool absolute = !plain && (task->call.arguments[1] & TIMER_ABSTIME) != 0;
  if (address == 0 || absolute)
    return;
  uint64_t now = clock_now();
  struct timespec rest = nanoseconds_to_timespec(
      task->call.deadline > now ? ticks_to_nanoseconds(task->call.deadline - now) : 0);
  copy_out(task, address, &rest, sizeof rest);
}

static int64_t sleep_until(struct task *task, uint64_t address, int clock) {
  uint64_t when = 0;
  if (!task->call.retried) {
    struct timespec time;
    if (copy_in(task, &time, address, sizeof time) < 0)
      return -EFAULT;
    if (!timespec_valid(&time))
      return -EINVAL;
    when = clock_deadline(&time, clock);
    task->call.on_interrupt = tell_remaining;
  }
  int64_t error = task_await_deadline(task, when);
  return error == 0 ? CALL_BLOCKS : error == -ETIMEDOUT ? 0 : error;
}

HANDLER(sys_nanosleep) { return sleep_until(task, arguments[0], CLOCK_RELATIVE); }

HANDLER(sys_clock_nanosleep) {
  uint64_t nanoseconds;
  if (arguments[0] == CLOCK_THREAD_CPUTIME_ID || clock_read(task, arguments[0], &nanoseconds) < 0)
    return -EINVAL;
  bool absolute = (arguments[1] & TIMER_ABSTIME) != 0;
  int clock = arguments[0] == CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC;
  return sleep_until(task, arguments[2], absolute ? clock : CLOCK_RELATIVE);
}

static struct timeval to_timeval(uint64_t ticks) {
  struct timespec time = nanoseconds_to_timespec(ticks_to_nanoseconds(ticks));
  return (struct timeval){.tv_sec = time.tv_sec, .tv_usec = time.tv_nsec / 1000};
}

static struct itimerval timer_left(const struct process *process) {
  uint64_t now = clock_now();
  struct itimerval value = {.it_interval = to_timeval(process->alarm_interval)};
  if (process->alarm.position != 0)
    value.it_value = to_timeval(process->alarm.when > now ? process->alarm.when - now : 1);
  return value;
}

HANDLER(sys_getitimer) {
  if (arguments[0] != ITIMER_REAL)
    return -EINVAL;
  struct itimerval value = timer_left(task->process);
  return copy_out(task, arguments[1], &value, sizeof value);
}

static bool timeval_ticks(const struct timeval *time, uint64_t *ticks) {
  struct timespec spec = {.tv_sec = time->tv_sec, .tv_nsec = time->tv_usec * 1000};
  if (!timespec_valid(&spec))
    return false;
  *ticks = nanoseconds_to_ticks(timespec_nanoseconds(&spec));
  return true;
}

HANDLER(sys_setitimer) {
  struct process *process = task->process;
  struct itimerval old = timer_left(process), new = {0};
  uint64_t value, interval;
  if (arguments[0] != ITIMER_REAL)
    return -EINVAL;
  if (arguments[1] != 0 && copy_in(task, &new, arguments[1], sizeof new) < 0)
    return -EFAULT;
  if (!timeval_ticks(&new.it_value, &value) || !timeval_ticks(&new.it_interval, &interval))
    return -EINVAL;
  process->alarm_interval = interval;
  deadline_clear(&process->alarm);
  if (value != 0 && !deadline_set(&process->alarm, clock_now() + value))
    return -ENOMEM;
  return arguments[2] != 0 ? copy_out(task, arguments[2], &old, sizeof old) : 0;
}
