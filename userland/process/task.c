#include "task.h"
#include "calls.h"
#include "file.h"
#include "futex.h"
#include "lib/ipc.h"
#include "process.h"
#include "signals.h"
#include "space.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ID_LIMIT       65536
#define FIRST_PRIORITY 12 // as of nice value 0

_Thread_local struct answer answer;

uint32_t task_count;

static struct task *tasks[ID_LIMIT];
static struct task *first_ready, *last_ready;

struct task *task_by_id(pid_t id) { return id > 0 && id < ID_LIMIT ? tasks[id] : NULL; }

struct task *task_by_tag(uint64_t tag) {
  struct task *task = task_by_id((pid_t)(tag & 0xffffffff));
  return task != NULL && task->tag == tag ? task : NULL;
}

// An id that is neither a thread's nor a process's; 0 if there is none.
static pid_t free_id(void) {
  static pid_t last;
  for (unsigned tries = 0; tries < ID_LIMIT; tries++) {
    last = last + 1 < ID_LIMIT ? last + 1 : 1;
    if (tasks[last] == NULL && process_by_id(last) == NULL)
      return last;
  }
  return 0;
}

static void deadline_expired(struct deadline *deadline) {
  struct task *task = (struct task *)((char *)deadline - offsetof(struct task, deadline));
  task->call.expired = true;
  task_wake(task);
}

static void nudge_expired(struct deadline *deadline) {
  signal_nudge((struct task *)((char *)deadline - offsetof(struct task, nudge)));
}

struct task *task_create(struct process *process) {
  static uint32_t serial;
  pid_t id = free_id();
  struct task *task = id != 0 ? calloc(1, sizeof *task) : NULL;
  if (task == NULL)
    return NULL;
  task->id = id;
  task->tag = (uint64_t)++serial << 32 | (uint32_t)id;
  task->process = process;
  task->waiter.task = task;
  task->deadline.expire = deadline_expired;
  task->nudge.expire = nudge_expired;
  task->priority = FIRST_PRIORITY;
  task->affinity = AFFINITY_ANY;
  task->next = process->tasks;
  if (task->next != NULL)
    task->next->previous = task;
  process->tasks = task;
  process->task_count++;
  task_count++;
  tasks[id] = task;
  return task;
}

int64_t task_start(struct task *task, const struct thread_state *state) {
  struct thread_start start = {
      .tag = task->tag, .priority = task->priority, .suspended = 1, .affinity = task->affinity};
  int64_t handle = kernel_create_thread((handle_t)task->process->space->handle, &start);
  if (handle < 0)
    return handle;
  int64_t error = kernel_write_thread((handle_t)handle, state);
  if (error == 0)
    error = kernel_resume((handle_t)handle);
  if (error < 0) {
    kernel_end_thread((handle_t)handle, 0);
    kernel_delete((handle_t)handle);
    return error;
  }
  task->handle = (uint64_t)handle;
  return 0;
}

void task_free(struct task *task) {
  struct process *process = task->process;
  task_leave_queues(task);
  futex_forget(task);
  deadline_clear(&task->nudge);
  signal_queue_clear(&task->pending);
  if (task->call.held != NULL)
    file_release(task->call.held);
  if (task->vfork_child != NULL)
    task->vfork_child->vfork_parent = NULL;
  if (task->next != NULL)
    task->next->previous = task->previous;
  if (task->previous != NULL)
    task->previous->next = task->next;
  else
    process->tasks = task->next;
  process->task_count--;
  task_count--;
  tasks[task->id] = NULL;
  free(task);
}

void task_answer(struct task *task, uint32_t label, uint64_t word) {
  task->state = TASK_RUNS;
  if (task->reply == 0) {
    answer = (struct answer){.present = true, .label = label, .word = word};
    return;
  }
  struct message message = {.tag = TAG(label, 1, 0), .words = {word}};
  message_reply((handle_t)task->reply, &message);
  task->reply = 0;
}

// Ends a thread nobody works on, or that the caller works on.
static void retire(struct task *task) {
  struct process *process = task->process;
  // Others that share the memory may wait for this: pthread_join.
  if (task->clear_id_address != 0 && (process->task_count > 1 || process->space->references > 1) &&
      !process->ending) {
    uint32_t zero = 0;
    task->ending = false;
    if (copy_out(task, task->clear_id_address, &zero, sizeof zero) == 0)
      futex_wake(process->space, task->clear_id_address, 1);
  }
  if (task->state == TASK_RUNS)
    kernel_end_thread((handle_t)task->handle, 0);
  else
    task_answer(task, RESUME_END, 0);
  kernel_delete((handle_t)task->handle);
  task_free(task);
  if (process->task_count == 0)
    process_ended(process);
}

void task_end(struct task *task) {
  if (task->state == TASK_CALLS)
    task->ending = true;
  else
    retire(task);
}

static int64_t call(struct task *task) {
  const struct call_entry *entry = call_entry(task->call.number);
  return entry->handler != NULL ? entry->handler(task, task->call.arguments) : -ENOSYS;
}

static int64_t interrupted(struct task *task) {
  if (task->call.on_interrupt != NULL)
    task->call.on_interrupt(task);
  return task->call.done != 0 ? (int64_t)task->call.done : CALL_INTERRUPTED;
}

void task_finish(struct task *task, int64_t result) {
  while (!task->ending && result == CALL_BLOCKS) {
    if (!task->call.uninterruptible && signal_waits(task)) {
      result = interrupted(task);
    } else if (task->woken) {
      task_leave_queues(task);
      task->woken = false;
      task->call.retried = true;
      result = call(task);
    } else {
      if (task->reply == 0) {
        int64_t reply = message_save_reply();
        if (reply < 0) {
          result = reply;
          break;
        }
        task->reply = (uint64_t)reply;
      }
      task->state = TASK_WAITS;
      return;
    }
  }
  if (result == CALL_ENDS)
    return;
  if (task->ending) {
    retire(task);
    return;
  }
  task_leave_queues(task);
  if (task->call.held != NULL)
    file_release(task->call.held);
  task->call.held = NULL;
  signal_answer(task, result);
  // `task` may be gone.
}

void task_serve(struct task *task) {
  task->state = TASK_CALLS;
  task->woken = false;
  task_finish(task, call(task));
}

bool wait_on(struct task *task, struct wait_queue *queue) {
  struct waiter *waiter = &task->waiter;
  if (waiter->queue != NULL && (waiter = malloc(sizeof *waiter)) == NULL)
    return false;
  *waiter =
      (struct waiter){.task = task, .queue = queue, .next = queue->first, .next_of_task = task->waiters};
  if (waiter->next != NULL)
    waiter->next->previous = waiter;
  queue->first = waiter;
  task->waiters = waiter;
  return true;
}

void task_leave_queues(struct task *task) {
  struct waiter *next;
  for (struct waiter *waiter = task->waiters; waiter != NULL; waiter = next) {
    next = waiter->next_of_task;
    if (waiter->next != NULL)
      waiter->next->previous = waiter->previous;
    if (waiter->previous != NULL)
      waiter->previous->next = waiter->next;
    else
      waiter->queue->first = waiter->next;
    waiter->queue = NULL;
    if (waiter != &task->waiter)
      free(waiter);
  }
  task->waiters = NULL;
  if (task->futex != NULL)
    futex_leave(task);
  deadline_clear(&task->deadline);
  if (task->ready) {
    task->ready = false;
    if (task->next_ready != NULL)
      task->next_ready->previous_ready = task->previous_ready;
    else
      last_ready = task->previous_ready;
    if (task->previous_ready != NULL)
      task->previous_ready->next_ready = task->next_ready;
    else
      first_ready = task->next_ready;
  }
}

void wake_all(struct wait_queue *queue) {
  while (queue->first != NULL)
    task_wake(queue->first->task);
}

void task_wake(struct task *task) {
  if (task->state != TASK_WAITS || task->stopped)
    task->woken = true;
  if (task->ready)
    return;
  task_leave_queues(task);
  if (task->state != TASK_WAITS || task->stopped)
    return;
  task->ready = true;
  task->next_ready = NULL;
  task->previous_ready = last_ready;
  if (last_ready != NULL)
    last_ready->next_ready = task;
  else
    first_ready = task;
  last_ready = task;
}

void task_interrupt(struct task *task) {
  if (task->state != TASK_WAITS || task->call.uninterruptible)
    return;
  task->call.interrupted = true;
  if (!task->ready)
    task_wake(task);
}

void task_stop(struct task *task) {
  if (!task->stopped)
    kernel_suspend((handle_t)task->handle);
  task->stopped = true;
}

void task_continue(struct task *task) {
  if (!task->stopped)
    return;
  task->stopped = false;
  kernel_resume((handle_t)task->handle);
  if (task->state == TASK_WAITS && task->woken)
    task_wake(task);
  if (!signal_waits(task))
    return;
  // Not at once: a signal that ends the process would pull the list from under whoever goes through it.
  if (task->state == TASK_WAITS)
    task_interrupt(task);
  else
    deadline_set(&task->nudge, clock_now());
}

int64_t task_await_deadline(struct task *task, uint64_t when) {
  if (task->call.expired || (!task->call.retried && when <= clock_now()))
    return -ETIMEDOUT;
  if (!task->call.retried)
    task->call.deadline = when;
  if (task->call.deadline == NEVER)
    return 0;
  return deadline_set(&task->deadline, task->call.deadline) ? 0 : -ENOMEM;
}

bool tasks_are_ready(void) { return first_ready != NULL; }

void tasks_retry(void) {
  while (first_ready != NULL) {
    struct task *task = first_ready;
    task_leave_queues(task);
    if (task->stopped) {
      task->woken = true;
      continue;
    }
    task->state = TASK_CALLS;
    task->woken = false;
    // A wake that a futex has counted must not be lost.
    bool interrupt = task->call.interrupted && signal_waits(task) && task->futex == NULL;
    task->call.interrupted = false;
    task->call.retried = true;
    task_finish(task, interrupt ? interrupted(task) : call(task));
  }
}
