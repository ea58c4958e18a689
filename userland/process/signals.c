#include "signals.h"
#include "calls.h"
#include "lib/kernel.h"
#include "message.h"
#include "protocol/process.h"
#include "server.h"
#include "space.h"
#include "user.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define NUDGE_MICROSECONDS 200
#define MAX_QUEUED         1024 // records of real-time signals in one queue

#define DEFAULT_IGNORED                                                                                      \
  (signal_bit(SIGCHLD) | signal_bit(SIGURG) | signal_bit(SIGWINCH) | signal_bit(SIGCONT))
#define DEFAULT_STOPS (signal_bit(SIGSTOP) | signal_bit(SIGTSTP) | signal_bit(SIGTTIN) | signal_bit(SIGTTOU))
#define DUMPS_CORE                                                                                           \
  (signal_bit(SIGQUIT) | signal_bit(SIGILL) | signal_bit(SIGTRAP) | signal_bit(SIGABRT) |                    \
   signal_bit(SIGBUS) | signal_bit(SIGFPE) | signal_bit(SIGSEGV) | signal_bit(SIGXCPU) |                     \
   signal_bit(SIGXFSZ) | signal_bit(SIGSYS))
// Taken first when several wait: they tell of the instruction the thread is at.
#define SYNCHRONOUS                                                                                          \
  (signal_bit(SIGSEGV) | signal_bit(SIGBUS) | signal_bit(SIGILL) | signal_bit(SIGTRAP) | signal_bit(SIGFPE))

enum disposition { IGNORED, HANDLED, STOPS, TERMINATES };

static enum disposition disposition(const struct process *process, int signal) {
  uint64_t handler = process->actions[signal].handler;
  signal_set bit = signal_bit(signal);
  if ((bit & UNBLOCKABLE) == 0 && handler == (uint64_t)SIG_IGN)
    return IGNORED;
  if ((bit & UNBLOCKABLE) == 0 && handler != (uint64_t)SIG_DFL)
    return HANDLED;
  if ((bit & DEFAULT_IGNORED) != 0)
    return IGNORED;
  return (bit & DEFAULT_STOPS) != 0 ? STOPS : TERMINATES;
}

static int termination_status(int signal) {
  return signal | ((signal_bit(signal) & DUMPS_CORE) != 0 ? 0x80 : 0);
}

// Queues.

void signal_queue_clear(struct signal_queue *queue) {
  while (queue->first != NULL) {
    struct pending_signal *record = queue->first;
    queue->first = record->next;
    free(record);
  }
  queue->set = 0;
}

static void queue_remove(struct signal_queue *queue, signal_set set) {
  for (struct pending_signal **link = &queue->first; *link != NULL;) {
    struct pending_signal *record = *link;
    if ((signal_bit(record->info.si_signo) & set) != 0) {
      *link = record->next;
      free(record);
    } else {
      link = &record->next;
    }
  }
  queue->set &= ~set;
}

static void queue_add(struct signal_queue *queue, const siginfo_t *info) {
  signal_set bit = signal_bit(info->si_signo);
  if ((queue->set & bit) != 0 && info->si_signo < 32)
    return;
  unsigned length = 0;
  struct pending_signal **link = &queue->first;
  for (; *link != NULL; link = &(*link)->next)
    length++;
  queue->set |= bit;
  struct pending_signal *record = length < MAX_QUEUED ? malloc(sizeof *record) : NULL;
  if (record == NULL)
    return;
  record->info = *info;
  record->next = NULL;
  *link = record;
}

// Takes the first record of a signal of `set` out.
static bool queue_take(struct signal_queue *queue, signal_set set, siginfo_t *info) {
  set &= queue->set;
  if (set == 0)
    return false;
  signal_set chosen = (set & SYNCHRONOUS) != 0 ? set & SYNCHRONOUS : set;
  int signal = __builtin_ctzl(chosen) + 1;
  bool found = false, more = false;
  *info = (siginfo_t){.si_signo = signal, .si_code = SI_USER};
  for (struct pending_signal **link = &queue->first; *link != NULL;) {
    struct pending_signal *record = *link;
    if (record->info.si_signo != signal) {
      link = &record->next;
    } else if (found) {
      more = true;
      break;
    } else {
      *info = record->info;
      *link = record->next;
      free(record);
      found = true;
    }
  }
  if (!more)
    queue->set &= ~signal_bit(signal);
  return true;
}

static bool take(struct task *task, signal_set set, siginfo_t *info) {
  return queue_take(&task->pending, set, info) || queue_take(&task->process->pending, set, info);
}

// Sending.

bool signal_waits(const struct task *task) {
  return ((task->pending.set | task->process->pending.set) & ~task->mask) != 0;
}

bool signal_is_blocked_or_ignored(const struct task *task, int signal) {
  return (task->mask & signal_bit(signal)) != 0 || disposition(task->process, signal) == IGNORED;
}

// What sending does at once, whoever takes the signal. Returns false if nothing is left to be delivered.
static bool generate(struct process *process, int signal, bool blocked) {
  struct signal_queue *queue = &process->pending;
  if (process->state == PROCESS_ZOMBIE || process->ending)
    return false;
  if (signal == SIGKILL) {
    process_continue(process);
    process_end(process, SIGKILL);
    return false;
  }
  signal_set cancelled = signal == SIGCONT                           ? DEFAULT_STOPS
                         : (signal_bit(signal) & DEFAULT_STOPS) != 0 ? signal_bit(SIGCONT)
                                                                     : 0;
  if (cancelled != 0) {
    queue_remove(queue, cancelled);
    for (struct task *task = process->tasks; task != NULL; task = task->next)
      queue_remove(&task->pending, cancelled);
  }
  if (signal == SIGCONT)
    process_continue(process);
  enum disposition action = disposition(process, signal);
  // init gets only what it handles: nothing else can stop or end it.
  if (process == init_process && (action == TERMINATES || action == STOPS))
    return false;
  if (blocked)
    return true;
  if (action == TERMINATES) {
    process_continue(process);
    process_end(process, termination_status(signal));
    return false;
  }
  return action != IGNORED;
}

void process_signal(struct process *process, const siginfo_t *info) {
  struct task *chosen = NULL;
  for (struct task *task = process->tasks; task != NULL; task = task->next)
    if ((task->mask & signal_bit(info->si_signo)) == 0 && (chosen == NULL || task->id == process->id))
      chosen = task;
  if (!generate(process, info->si_signo, chosen == NULL))
    return;
  queue_add(&process->pending, info);
  wake_all(&process->signal_waiters);
  if (chosen != NULL)
    signal_nudge(chosen);
}

void task_signal(struct task *task, const siginfo_t *info) {
  if (!generate(task->process, info->si_signo, (task->mask & signal_bit(info->si_signo)) != 0))
    return;
  queue_add(&task->pending, info);
  wake_all(&task->process->signal_waiters);
  signal_nudge(task);
}

void process_raise(struct process *process, int signal) {
  siginfo_t info = {.si_signo = signal, .si_code = SI_KERNEL};
  process_signal(process, &info);
}

void task_raise(struct task *task, int signal) {
  siginfo_t info = {.si_signo = signal, .si_code = SI_KERNEL};
  task_signal(task, &info);
}

void task_force_signal(struct task *task, const siginfo_t *info) {
  struct process *process = task->process;
  signal_set bit = signal_bit(info->si_signo);
  if ((task->mask & bit) != 0 || disposition(process, info->si_signo) != HANDLED)
    process_end(process, termination_status(info->si_signo));
  else
    queue_add(&task->pending, info);
}

// Delivering.

struct delivery {
  struct thread_state state;
  bool loaded;
};

// Reads the registers of a thread that goes on with `result`, as they would be if no handler came between.
static void load(struct task *task, struct delivery *delivery, int64_t result, bool restart) {
  if (delivery->loaded)
    return;
  delivery->loaded = true;
  kernel_read_thread((handle_t)task->handle, &delivery->state);
  if (result == CALL_REGISTERS || (result == CALL_INTERRUPTED && restart))
    return;
  delivery->state.x[0] += 4; // behind the ecall
  delivery->state.x[10] = (uint64_t)(result == CALL_INTERRUPTED ? -EINTR : result);
}

// Takes signals until a handler's frame is up or none is left. False: the process is ending.
static bool deliver(struct task *task, struct delivery *delivery, int64_t result) {
  struct process *process = task->process;
  siginfo_t info;
  while (process->state == PROCESS_LIVES && take(task, ~task->mask, &info)) {
    int signal = info.si_signo;
    struct signal_action action = process->actions[signal];
    switch (disposition(process, signal)) {
    case IGNORED:
      break;
    case STOPS:
      // A group without anybody to continue it is not stopped from the terminal (POSIX).
      if (signal == SIGSTOP || !group_is_orphaned(process->group))
        process_stop(process, signal);
      break;
    case TERMINATES:
      process_end(process, termination_status(signal));
      return false;
    case HANDLED:
      load(task, delivery, result,
           call_entry(task->call.number)->restarts && (action.flags & SA_RESTART) != 0);
      if (!frame_push(task, &delivery->state, &action, &info,
                      task->has_mask_behind_call ? task->mask_behind_call : task->mask)) {
        process_end(process, termination_status(SIGSEGV));
        return false;
      }
      task->has_mask_behind_call = false;
      task->mask |= action.mask;
      if ((action.flags & SA_NODEFER) == 0)
        task->mask |= signal_bit(signal);
      task->mask &= ~UNBLOCKABLE;
      if ((action.flags & SA_RESETHAND) != 0)
        process->actions[signal].handler = (uint64_t)SIG_DFL;
      break;
    }
  }
  return true;
}

void signal_answer(struct task *task, int64_t result) {
  struct delivery delivery = {.loaded = false};
  if (signal_waits(task) && !deliver(task, &delivery, result)) {
    task_end(task);
    task_finish(task, 0);
    return;
  }
  if (task->has_mask_behind_call) {
    task->mask = task->mask_behind_call;
    task->has_mask_behind_call = false;
    // What only that mask kept off is taken after the call's result.
    if (signal_waits(task)) {
      signal_answer(task, result);
      return;
    }
  }
  if (delivery.loaded) {
    kernel_write_thread((handle_t)task->handle, &delivery.state);
    task_answer(task, RESUME_RETRY, 0);
  } else if (result == CALL_REGISTERS || result == CALL_INTERRUPTED) {
    task_answer(task, RESUME_RETRY, 0);
  } else {
    task_answer(task, RESUME_RESULT, (uint64_t)result);
  }
}

void signal_nudge(struct task *task) {
  if (!signal_waits(task) || task->process->state != PROCESS_LIVES)
    return;
  if (task->state == TASK_WAITS)
    task_interrupt(task);
  if (task->state != TASK_RUNS || task->handle == 0)
    return;
  struct delivery delivery = {.loaded = true};
  if (kernel_suspend((handle_t)task->handle) < 0)
    return;
  int64_t error = kernel_read_thread((handle_t)task->handle, &delivery.state);
  if (error < 0 || delivery.state.waiting != WAIT_NOT) {
    // On its way to us or back, or waiting for a page: it cannot be turned aside there.
    kernel_resume((handle_t)task->handle);
    deadline_set(&task->nudge, clock_now() + nanoseconds_to_ticks(NUDGE_MICROSECONDS * 1000));
    return;
  }
  uint64_t pc = delivery.state.x[0], sp = delivery.state.x[2];
  task->stopped = true; // suspended already, should a signal stop the process
  if (!deliver(task, &delivery, CALL_REGISTERS))
    return; // its end has ended the thread
  if (delivery.state.x[0] != pc || delivery.state.x[2] != sp)
    kernel_write_thread((handle_t)task->handle, &delivery.state);
  task->stopped = task->process->state == PROCESS_STOPPED;
  if (!task->stopped)
    kernel_resume((handle_t)task->handle);
}

void signals_reset(struct process *process) {
  for (int signal = 1; signal <= SIGNALS; signal++) {
    struct signal_action *action = &process->actions[signal];
    uint64_t handler = action->handler == (uint64_t)SIG_IGN ? (uint64_t)SIG_IGN : (uint64_t)SIG_DFL;
    *action = (struct signal_action){.handler = handler};
  }
}

// System calls.

HANDLER(sys_rt_sigaction) {
  int signal = (int)arguments[0];
  struct process *process = task->process;
  if (signal < 1 || signal > SIGNALS || arguments[3] != sizeof(signal_set))
    return -EINVAL;
  struct signal_action old = process->actions[signal], new;
  if (arguments[1] != 0) {
    if ((signal_bit(signal) & UNBLOCKABLE) != 0)
      return -EINVAL;
    if (copy_in(task, &new, arguments[1], sizeof new) < 0)
      return -EFAULT;
    new.mask &= ~UNBLOCKABLE;
    process->actions[signal] = new;
    if (new.handler > (uint64_t)SIG_IGN && space_trampoline(process->space) == 0)
      return -ENOMEM;
    if (disposition(process, signal) == IGNORED) {
      queue_remove(&process->pending, signal_bit(signal));
      for (struct task *other = process->tasks; other != NULL; other = other->next)
        queue_remove(&other->pending, signal_bit(signal));
    }
  }
  return arguments[2] != 0 ? copy_out(task, arguments[2], &old, sizeof old) : 0;
}

HANDLER(sys_rt_sigprocmask) {
  if (arguments[3] != sizeof(signal_set))
    return -EINVAL;
  signal_set old = task->mask, set;
  if (arguments[1] != 0) {
    if (copy_in(task, &set, arguments[1], sizeof set) < 0)
      return -EFAULT;
    set &= ~UNBLOCKABLE;
    switch (arguments[0]) {
    case SIG_BLOCK:
      task->mask |= set;
      break;
    case SIG_UNBLOCK:
      task->mask &= ~set;
      break;
    case SIG_SETMASK:
      task->mask = set;
      break;
    default:
      return -EINVAL;
    }
  }
  return arguments[2] != 0 ? copy_out(task, arguments[2], &old, sizeof old) : 0;
}

HANDLER(sys_rt_sigpending) {
  signal_set set = (task->pending.set | task->process->pending.set) & task->mask;
  return copy_out(task, arguments[0], &set, arguments[1] < sizeof set ? arguments[1] : sizeof set);
}

HANDLER(sys_rt_sigsuspend) {
  if (task->call.retried)
    return CALL_BLOCKS;
  signal_set set;
  if (arguments[1] != sizeof set)
    return -EINVAL;
  if (copy_in(task, &set, arguments[0], sizeof set) < 0)
    return -EFAULT;
  task_mask_for_call(task, set);
  return CALL_BLOCKS;
}

void task_mask_for_call(struct task *task, signal_set mask) {
  task->mask_behind_call = task->mask;
  task->has_mask_behind_call = true;
  task->mask = mask & ~UNBLOCKABLE;
}

HANDLER(sys_rt_sigtimedwait) {
  signal_set set;
  siginfo_t info;
  if (arguments[3] != sizeof set)
    return -EINVAL;
  if (copy_in(task, &set, arguments[0], sizeof set) < 0)
    return -EFAULT;
  if (take(task, set & ~UNBLOCKABLE, &info)) {
    if (arguments[1] != 0 && copy_out(task, arguments[1], &info, sizeof info) < 0)
      return -EFAULT;
    return info.si_signo;
  }
  uint64_t when = NEVER;
  if (arguments[2] != 0 && !task->call.retried) {
    struct timespec timeout;
    if (copy_in(task, &timeout, arguments[2], sizeof timeout) < 0)
      return -EFAULT;
    if (!timespec_valid(&timeout))
      return -EINVAL;
    when = clock_deadline(&timeout, CLOCK_RELATIVE);
  }
  int64_t error = task_await_deadline(task, when);
  if (error < 0)
    return error == -ETIMEDOUT ? -EAGAIN : error;
  return wait_on(task, &task->process->signal_waiters) ? CALL_BLOCKS : -ENOMEM;
}

HANDLER(sys_rt_sigreturn) {
  (void)arguments;
  struct thread_state state;
  if (kernel_read_thread((handle_t)task->handle, &state) < 0 || !frame_pop(task, &state)) {
    siginfo_t info = {.si_signo = SIGSEGV, .si_code = SI_KERNEL};
    task->process->actions[SIGSEGV].handler = (uint64_t)SIG_DFL;
    task_force_signal(task, &info);
    return 0;
  }
  kernel_write_thread((handle_t)task->handle, &state);
  return CALL_REGISTERS;
}

HANDLER(sys_sigaltstack) {
  struct thread_state state;
  stack_t old = {.ss_sp = (void *)task->alternate_stack,
                 .ss_size = task->alternate_stack_bytes,
                 .ss_flags = task->alternate_stack_bytes == 0 ? SS_DISABLE : 0};
  stack_t new;
  if (kernel_read_thread((handle_t)task->handle, &state) == 0 &&
      state.x[2] - task->alternate_stack < task->alternate_stack_bytes)
    old.ss_flags = SS_ONSTACK;
  if (arguments[0] != 0) {
    if (copy_in(task, &new, arguments[0], sizeof new) < 0)
      return -EFAULT;
    if (old.ss_flags == SS_ONSTACK)
      return -EPERM;
    if ((new.ss_flags & ~(SS_DISABLE | SS_ONSTACK)) != 0)
      return -EINVAL;
    bool disable = (new.ss_flags &SS_DISABLE) != 0;
    if (!disable && new.ss_size < MINSIGSTKSZ)
      return -ENOMEM;
    task->alternate_stack = disable ? 0 : (uint64_t) new.ss_sp;
    task->alternate_stack_bytes = disable ? 0 : new.ss_size;
  }
  return arguments[1] != 0 ? copy_out(task, arguments[1], &old, sizeof old) : 0;
}

static siginfo_t info_from(struct task *task, int signal, int code) {
  siginfo_t info = {.si_signo = signal, .si_code = code};
  info.si_pid = task->process->id;
  return info;
}

// Servers know no signals, but can be ended; the supervisor starts them anew.
static int64_t signal_server(uint64_t id, int signal) {
  if (signal != 0 && signal != SIGKILL && signal != SIGTERM)
    return -EPERM;
  if (signal == 0)
    return 0;
  return server_end(id);
}

HANDLER(sys_kill) {
  int64_t target = (int32_t)arguments[0];
  int signal = (int)arguments[1];
  if (signal < 0 || signal > SIGNALS)
    return -EINVAL;
  if (target > NATIVE_PROCESS_IDS)
    return signal_server((uint64_t)target - NATIVE_PROCESS_IDS, signal);
  siginfo_t info = info_from(task, signal, SI_USER);
  if (target > 0) {
    struct process *process = process_by_id((pid_t)target);
    if (process == NULL)
      return -ESRCH;
    if (signal != 0)
      process_signal(process, &info);
    return 0;
  }
  int64_t result = -ESRCH;
  pid_t group = target == 0 ? task->process->group : (pid_t)-target;
  struct process *next;
  for (struct process *process = processes; process != NULL; process = next) {
    next = process->next;
    bool meant = target == -1 ? process != init_process && process != task->process : process->group == group;
    if (!meant)
      continue;
    result = 0;
    if (signal != 0)
      process_signal(process, &info);
  }
  return result;
}

static int64_t signal_thread(struct task *task, int64_t group, uint64_t id, int signal,
                             const siginfo_t *info) {
  struct task *target = task_by_id((pid_t)id);
  if (signal < 0 || signal > SIGNALS)
    return -EINVAL;
  if (target == NULL || (group != 0 && target->process->id != group))
    return -ESRCH;
  siginfo_t own = info_from(task, signal, SI_TKILL);
  if (signal != 0)
    task_signal(target, info != NULL ? info : &own);
  return 0;
}

HANDLER(sys_tkill) { return signal_thread(task, 0, arguments[0], (int)arguments[1], NULL); }

HANDLER(sys_tgkill) {
  if ((int32_t)arguments[0] <= 0)
    return -EINVAL;
  return signal_thread(task, (int32_t)arguments[0], arguments[1], (int)arguments[2], NULL);
}

HANDLER(sys_rt_sigqueueinfo) {
  siginfo_t info;
  int signal = (int)arguments[1];
  struct process *process = process_by_id((pid_t)arguments[0]);
  if (copy_in(task, &info, arguments[2], sizeof info) < 0)
    return -EFAULT;
  if (signal < 0 || signal > SIGNALS)
    return -EINVAL;
  if (info.si_code >= 0 && process != task->process)
    return -EPERM;
  if (process == NULL)
    return -ESRCH;
  info.si_signo = signal;
  if (signal != 0)
    process_signal(process, &info);
  return 0;
}

HANDLER(sys_rt_tgsigqueueinfo) {
  siginfo_t info;
  if (copy_in(task, &info, arguments[3], sizeof info) < 0)
    return -EFAULT;
  info.si_signo = (int)arguments[2];
  return signal_thread(task, (int32_t)arguments[0], arguments[1], (int)arguments[2], &info);
}
