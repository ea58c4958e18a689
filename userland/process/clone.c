// clone(2): new processes and new threads.
#include "calls.h"
#include "file.h"
#include "lib/kernel.h"
#include "process.h"
#include "signals.h"
#include "space.h"
#include "user.h"
#include <errno.h>
#include <sched.h>
#include <string.h>

#define ECALL_BYTES 4

// A thread takes two of our capabilities, itself and its saved reply, a process a few more. What is left is
// for processes: without room for its reply, a thread could not even wait.
#define MAX_THREADS 13000
_Static_assert(2 * MAX_THREADS + 4 * 1500 < MAX_HANDLES, "all threads can wait");

// The registers of a caller's child: its own, but for the result, stack and thread pointer.
static int64_t child_state(struct task *task, const uint64_t *arguments, struct thread_state *state) {
  int64_t error = kernel_read_thread((handle_t)task->handle, state);
  if (error < 0)
    return error;
  state->x[0] += ECALL_BYTES;
  state->x[10] = 0;
  if (arguments[1] != 0)
    state->x[2] = arguments[1];
  if ((arguments[0] & CLONE_SETTLS) != 0)
    state->x[4] = arguments[3];
  return 0;
}

static void inherit(struct task *child, const struct task *parent) {
  child->mask = parent->has_mask_behind_call ? parent->mask_behind_call : parent->mask;
  child->priority = parent->priority;
  child->nice_value = parent->nice_value;
  child->affinity = parent->affinity;
  memcpy(child->name, parent->name, sizeof child->name);
}

static int64_t clone_thread(struct task *task, const uint64_t *arguments) {
  uint64_t flags = arguments[0];
  struct thread_state state;
  if (task_count >= MAX_THREADS)
    return -EAGAIN;
  int64_t error = child_state(task, arguments, &state);
  struct task *child = error == 0 ? task_create(task->process) : NULL;
  if (child == NULL)
    return error < 0 ? error : -EAGAIN;
  pid_t id = child->id;
  inherit(child, task);
  if ((flags & CLONE_CHILD_CLEARTID) != 0)
    child->clear_id_address = arguments[4];
  if ((flags & CLONE_PARENT_SETTID) != 0)
    error = copy_out(task, arguments[2], &id, sizeof id);
  if (error == 0 && (flags & CLONE_CHILD_SETTID) != 0)
    error = copy_out(task, arguments[4], &id, sizeof id);
  if (error == 0)
    error = task_start(child, &state);
  if (error == 0)
    return id;
  task_free(child);
  return error == -ENOMEM ? -EAGAIN : error;
}

// Who may have no more processes waits a while before it is told, so that a fork bomb leaves time for others.
#define REFUSAL_MILLISECONDS 100

static int64_t refuse(struct task *task) {
  task->call.uninterruptible = true;
  int64_t error = task_await_deadline(task, clock_now() + clock_frequency() / 1000 * REFUSAL_MILLISECONDS);
  return error == 0 ? CALL_BLOCKS : -EAGAIN;
}

static int64_t clone_process(struct task *task, const uint64_t *arguments) {
  uint64_t flags = arguments[0];
  struct process *parent = task->process;
  struct thread_state state;
  if (task->call.retried || !process_may_fork(parent))
    return refuse(task);
  int64_t error = child_state(task, arguments, &state);
  if (error < 0)
    return error;
  struct process *child =
      process_create((flags & CLONE_PARENT) != 0 && parent->parent != NULL ? parent->parent : parent);
  if (child == NULL)
    return -EAGAIN;
  pid_t id = child->id;
  child->end_signal = (int)(flags & 0xff);
  struct task *first = child->tasks;
  inherit(first, task);
  if ((flags & CLONE_FILES) != 0) {
    child->descriptors = parent->descriptors;
    child->descriptors->references++;
  } else {
    child->descriptors = descriptors_copy(parent->descriptors);
  }
  if ((flags & CLONE_VM) != 0) {
    child->space = parent->space;
    space_retain(child->space);
  } else {
    child->space = space_fork(parent->space, task->name, id);
  }
  if ((flags & CLONE_VM) != 0 || arguments[1] == 0) {
    first->alternate_stack = task->alternate_stack;
    first->alternate_stack_bytes = task->alternate_stack_bytes;
  }
  if ((flags & CLONE_CHILD_CLEARTID) != 0)
    first->clear_id_address = arguments[4];
  error = child->descriptors == NULL || child->space == NULL ? -ENOMEM : 0;
  if (error == 0 && (flags & CLONE_PARENT_SETTID) != 0)
    error = copy_out(task, arguments[2], &id, sizeof id);
  if (error == 0 && (flags & CLONE_CHILD_SETTID) != 0)
    error = copy_out(first, arguments[4], &id, sizeof id);
  if (error == 0)
    error = task_start(first, &state);
  if (error < 0) {
    process_discard(child);
    return error;
  }
  if ((flags & CLONE_VFORK) == 0)
    return id;
  task->vfork_child = child;
  child->vfork_parent = task;
  task->call.done = (uint64_t)id;
  task->call.uninterruptible = true;
  return CALL_BLOCKS;
}

HANDLER(sys_clone) {
  uint64_t flags = arguments[0];
  if (task->call.done != 0) // the child of a vfork has gone on, or it is too early
    return task->vfork_child != NULL ? CALL_BLOCKS : (int64_t)task->call.done;
  if ((flags & CLONE_THREAD) != 0) {
    uint64_t needed = CLONE_VM | CLONE_SIGHAND;
    return (flags & needed) == needed ? clone_thread(task, arguments) : -EINVAL;
  }
  if ((flags & (CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)) !=
      0)
    return -EINVAL;
  return clone_process(task, arguments);
}

HANDLER(sys_set_tid_address) {
  task->clear_id_address = arguments[0];
  return task->id;
}
