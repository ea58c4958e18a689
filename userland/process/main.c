// The POSIX server: what Linux programs take for their kernel.
//
// Usage: process [realtime=NANOSECONDS] INIT [ARGUMENT...]
#include "backing.h"
#include "deadline.h"
#include "exec.h"
#include "file.h"
#include "files.h"
#include "lib/ipc.h"
#include "lib/mutex.h"
#include "lib/say.h"
#include "lib/service.h"
#include "lib/thread.h"
#include "process.h"
#include "protocol/supervisor.h"
#include "protocol/terminal.h"
#include "server.h"
#include "signals.h"
#include "space.h"
#include "task.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define MAX_WORKERS     24
#define EVENT_DEADLINES (1ul << 32) // of the notification, beside the terminal's

static struct mutex lock;
static struct thread workers[MAX_WORKERS];
static unsigned worker_count;
static unsigned idle_workers; // those that listen, or are about to
static handle_t events, deadline_event;

// When the thread that waits for deadlines wakes up by itself.
static uint64_t next_wake = NEVER;

uint64_t server_endpoint(void) { return HANDLE_SERVICE; }

void server_power(bool reboot, int status) {
  struct message message =
      message_of(SUPERVISOR_POWER, reboot ? POWER_REBOOT : POWER_OFF, (uint64_t)status, 0, 0);
  message_request(HANDLE_SUPERVISOR, &message);
}

int64_t server_end(uint64_t id) {
  struct message message = message_of(SUPERVISOR_END, id, 0, 0, 0);
  return message_request(HANDLE_SUPERVISOR, &message);
}

void server_deadline_changed(void) {
  if (deadlines_next() < next_wake)
    kernel_signal(deadline_event);
}

static uint64_t work(void *argument);

static void add_worker(void) {
  if (worker_count < MAX_WORKERS && thread_create(&workers[worker_count], work, NULL) == 0) {
    worker_count++;
    idle_workers++;
  }
}

void server_release(void) {
  if (idle_workers == 0)
    add_worker();
  mutex_unlock(&lock);
}

void server_acquire(void) { mutex_lock(&lock); }

// The signal that an exception (scause) is, and its code.
static siginfo_t exception_signal(struct task *task, uint64_t cause, uint64_t value, uint64_t pc) {
  siginfo_t info = {.si_signo = SIGSEGV, .si_code = SEGV_MAPERR};
  info.si_addr = (void *)value;
  switch (cause) {
  case 0: // misaligned instruction
  case 4: // misaligned load
  case 6: // misaligned store
    info.si_signo = SIGBUS;
    info.si_code = BUS_ADRALN;
    break;
  case 1: // access faults
  case 5:
  case 7:
    info.si_signo = SIGBUS;
    info.si_code = BUS_ADRERR;
    break;
  case 2:
    info.si_signo = SIGILL;
    info.si_code = ILL_ILLOPC;
    info.si_addr = (void *)pc;
    break;
  case 3:
    info.si_signo = SIGTRAP;
    info.si_code = TRAP_BRKPT;
    info.si_addr = (void *)pc;
    break;
  default:
    if (space_find(task->process->space, value) != NULL)
      info.si_code = SEGV_ACCERR;
  }
  return info;
}

// Whether a page fault (12, 13, 15) is one only because there was no memory for the page.
static bool out_of_memory(struct task *task, uint64_t cause, uint64_t address) {
  const struct area *area = space_find(task->process->space, address);
  if (area == NULL || area->backing == NULL)
    return false;
  return (cause == 12 && (area->protection & PROT_EXEC) != 0) ||
         (cause == 13 && area->protection != PROT_NONE) ||
         (cause == 15 && (area->protection & PROT_WRITE) != 0);
}

static void except(struct task *task, const struct message *message) {
  uint64_t cause = message->words[1], value = message->words[2];
  task->state = TASK_CALLS;
  task->call = (struct call){.number = ~0ul};
  if (out_of_memory(task, cause, value)) {
    say("out of memory: killed process %d (%s)", task->process->id, task->name);
    process_end(task->process, SIGKILL);
  } else {
    siginfo_t info = exception_signal(task, cause, value, message->words[3]);
    task_force_signal(task, &info);
  }
  task_finish(task, CALL_REGISTERS);
}

static void handle(const struct message *message) {
  uint32_t label = TAG_LABEL(message->tag);
  struct task *task =
      label == LABEL_SYSTEM_CALL || label == LABEL_EXCEPTION ? task_by_tag(message->words[0]) : NULL;
  if (task == NULL) {
    // Of a thread that has been ended meanwhile, or no request at all.
    answer = (struct answer){.present = true, .label = RESUME_RESULT, .word = (uint64_t)-ENOSYS};
    return;
  }
  if (label == LABEL_EXCEPTION) {
    except(task, message);
    return;
  }
  const uint64_t *more = message_buffer->words;
  task->call = (struct call){
      .number = message->words[1],
      .arguments = {message->words[2], message->words[3], more[4], more[5], more[6], more[7]},
  };
  task_serve(task);
}

static void reply_now(void) {
  struct message message = {.tag = TAG(answer.label, 1, 0), .words = {answer.word}};
  if (answer.present)
    message_reply(0, &message);
  answer.present = false;
}

static uint64_t work(void *argument) {
  (void)argument;
  struct message message;
  answer.present = false;
  for (;;) {
    int64_t error;
    if (answer.present) {
      message = (struct message){.tag = TAG(answer.label, 1, 0), .words = {answer.word}};
      error = message_reply_receive(HANDLE_SERVICE, &message, WAIT_FOREVER);
    } else {
      error = message_receive(HANDLE_SERVICE, &message, WAIT_FOREVER);
    }
    answer.present = false;
    if (error < 0)
      continue;
    mutex_lock(&lock);
    idle_workers--;
    handle(&message);
    files_flush_closes();
    if (tasks_are_ready()) {
      reply_now();
      tasks_retry();
      files_flush_closes();
    }
    idle_workers++;
    mutex_unlock(&lock);
  }
}

// Deadlines and what the terminal has to tell.
static uint64_t watch(void *argument) {
  (void)argument;
  for (;;) {
    mutex_lock(&lock);
    next_wake = deadlines_expire();
    tasks_retry();
    files_flush_closes();
    uint64_t next = deadlines_next();
    next_wake = next;
    mutex_unlock(&lock);
    int64_t bits = kernel_wait(events, next);
    if (bits < 0)
      continue;
    mutex_lock(&lock);
    if (((uint64_t)bits & TERMINAL_EVENTS) != 0)
      terminal_events((uint64_t)bits & TERMINAL_EVENTS);
    mutex_unlock(&lock);
  }
}

int main(int argc, char **argv) {
  uint64_t realtime = 0;
  int first = 1;
  if (argc > 1 && strncmp(argv[1], "realtime=", 9) == 0) {
    realtime = strtoul(argv[1] + 9, NULL, 10);
    first = 2;
  }
  if (first >= argc)
    die("usage: process [realtime=NANOSECONDS] INIT [ARGUMENT...]");
  static struct thread watcher;
  int64_t notification = kernel_create_notification();
  int64_t badged = notification < 0
                       ? notification
                       : kernel_copy_capability((handle_t)notification, RIGHTS_ALL, EVENT_DEADLINES);
  if (badged < 0)
    die("no notification: error %d", (int)-badged);
  events = (handle_t)notification;
  deadline_event = (handle_t)badged;
  mutex_lock(&lock);
  clock_init(realtime);
  random_init();
  backing_init();
  space_init();
  files_init();
  terminal_init(events);
  service_ready();
  add_worker();
  if (thread_create(&watcher, watch, NULL) < 0)
    die("no memory for a thread");
  int64_t error = exec_init(argv + first);
  if (error < 0)
    die("cannot execute %s: error %d", argv[first], (int)-error);
  mutex_unlock(&lock);
  return (int)thread_join(&watcher);
}
