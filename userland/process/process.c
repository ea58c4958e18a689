#include "process.h"
#include "calls.h"
#include "file.h"
#include "lib/kernel.h"
#include "lib/say.h"
#include "server.h"
#include "signals.h"
#include "space.h"
#include "user.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define ID_LIMIT           65536
#define MAX_PROCESSES      1500
#define RESERVED_PROCESSES 20

struct process *processes;
struct process *init_process;
uint32_t process_count;

static struct process *by_id[ID_LIMIT];
static struct process *buried; // to be freed when nobody can be looking at them any more

struct process *process_by_id(pid_t id) { return id > 0 && id < ID_LIMIT ? by_id[id] : NULL; }

struct process *process_at_or_after(pid_t id) {
  for (; id < ID_LIMIT; id++)
    if (id > 0 && by_id[id] != NULL)
      return by_id[id];
  return NULL;
}

static void alarm_expired(struct deadline *deadline) {
  struct process *process = (struct process *)((char *)deadline - offsetof(struct process, alarm));
  if (process->alarm_interval != 0)
    deadline_set(deadline, clock_now() + process->alarm_interval);
  process_raise(process, SIGALRM);
}

static void set_default_limits(struct rlimit *limits) {
  for (unsigned i = 0; i < RLIM_NLIMITS; i++)
    limits[i] = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
  limits[RLIMIT_STACK] = (struct rlimit){STACK_BYTES, STACK_BYTES};
  limits[RLIMIT_NOFILE] = (struct rlimit){MAX_DESCRIPTORS, MAX_DESCRIPTORS};
  limits[RLIMIT_NPROC] = (struct rlimit){MAX_PROCESSES, MAX_PROCESSES};
  limits[RLIMIT_CORE] = (struct rlimit){0, 0};
}

// Frees those that ended; nobody goes through the list of processes now.
static void bury(void) {
  while (buried != NULL) {
    struct process *process = buried;
    buried = process->children;
    free(process);
  }
}

static void adopt(struct process *parent, struct process *child) {
  child->parent = parent;
  child->previous_sibling = NULL;
  child->next_sibling = parent->children;
  if (child->next_sibling != NULL)
    child->next_sibling->previous_sibling = child;
  parent->children = child;
}

bool process_may_fork(const struct process *process) {
  // The last places are kept for init and the shells it started, so that somebody can stop a fork bomb.
  bool is_kept_for =
      process == init_process || (process->parent == init_process && process->session == process->id);
  uint64_t limit = is_kept_for ? MAX_PROCESSES : MAX_PROCESSES - RESERVED_PROCESSES;
  uint64_t own_limit = process->limits[RLIMIT_NPROC].rlim_cur;
  return process_count < (own_limit < limit ? own_limit : limit);
}

struct process *process_create(struct process *parent) {
  bury();
  struct process *process = calloc(1, sizeof *process);
  if (process == NULL)
    return NULL;
  process->alarm.expire = alarm_expired;
  process->umask = 022;
  process->started = clock_now();
  struct task *task = task_create(process);
  if (task == NULL) {
    free(process);
    return NULL;
  }
  process->id = task->id;
  by_id[process->id] = process;
  process->group = process->session = process->id;
  set_default_limits(process->limits);
  process->directory = strdup(parent != NULL ? parent->directory : "/");
  process->executable = parent != NULL && parent->executable != NULL ? strdup(parent->executable) : NULL;
  if (parent != NULL) {
    process->group = parent->group;
    process->session = parent->session;
    process->umask = parent->umask;
    memcpy(process->limits, parent->limits, sizeof process->limits);
    memcpy(process->actions, parent->actions, sizeof process->actions);
    process->command_line = malloc(parent->command_line_bytes + 1);
    if (process->command_line != NULL) {
      memcpy(process->command_line, parent->command_line, parent->command_line_bytes);
      process->command_line_bytes = parent->command_line_bytes;
    }
    adopt(parent, process);
  }
  process->next = processes;
  if (processes != NULL)
    processes->previous = process;
  processes = process;
  process_count++;
  if (process->directory == NULL) {
    process_discard(process);
    return NULL;
  }
  return process;
}

// Takes a process out of all tables. Its `next` stays, for whoever goes through the list now.
static void forget(struct process *process) {
  if (process->parent != NULL) {
    if (process->next_sibling != NULL)
      process->next_sibling->previous_sibling = process->previous_sibling;
    if (process->previous_sibling != NULL)
      process->previous_sibling->next_sibling = process->next_sibling;
    else
      process->parent->children = process->next_sibling;
  }
  if (process->next != NULL)
    process->next->previous = process->previous;
  if (process->previous != NULL)
    process->previous->next = process->next;
  else
    processes = process->next;
  by_id[process->id] = NULL;
  process_count--;
  free(process->directory);
  free(process->executable);
  free(process->command_line);
  signal_queue_clear(&process->pending);
  process->children = buried;
  buried = process;
}

void process_discard(struct process *process) {
  while (process->tasks != NULL)
    task_free(process->tasks);
  if (process->space != NULL)
    space_release(process->space);
  if (process->descriptors != NULL)
    descriptors_release(process->descriptors);
  forget(process);
}

void process_end(struct process *process, int status) {
  if (process->ending)
    return;
  process->ending = true;
  process->status = status;
  struct task *next;
  for (struct task *task = process->tasks; task != NULL; task = next) {
    next = task->next;
    task_end(task);
  }
}

void process_release_vfork(struct process *process) {
  if (process->vfork_parent == NULL)
    return;
  process->vfork_parent->vfork_child = NULL;
  task_wake(process->vfork_parent);
  process->vfork_parent = NULL;
}

// What SIGCHLD tells of a child.
static void tell_parent(struct process *process, int code, int status) {
  struct process *parent = process->parent;
  int signal = process->state == PROCESS_ZOMBIE ? process->end_signal : SIGCHLD;
  if (signal > 0 && signal <= SIGNALS) {
    siginfo_t info = {.si_signo = signal, .si_code = code};
    info.si_pid = process->id;
    info.si_status = status;
    process_signal(parent, &info);
  }
  wake_all(&parent->child_waiters);
}

static bool ignores_children(const struct process *parent) {
  const struct signal_action *action = &parent->actions[SIGCHLD];
  return action->handler == (uint64_t)SIG_IGN || (action->flags & SA_NOCLDWAIT) != 0;
}

// A stopped group that nobody can continue any more is sent off (POSIX, _exit).
static void release_orphans(pid_t group) {
  bool stopped = false;
  for (struct process *process = processes; process != NULL; process = process->next)
    stopped |= process->group == group && process->state == PROCESS_STOPPED;
  if (!stopped || !group_is_orphaned(group))
    return;
  siginfo_t hang_up = {.si_signo = SIGHUP, .si_code = SI_KERNEL};
  siginfo_t go_on = {.si_signo = SIGCONT, .si_code = SI_KERNEL};
  group_signal(group, &hang_up);
  group_signal(group, &go_on);
}

void process_ended(struct process *process) {
  if (!process->ending) // the last thread has called exit, not exit_group
    process->ending = true;
  process_release_vfork(process);
  struct descriptors *descriptors = process->descriptors;
  struct space *space = process->space;
  process->descriptors = NULL;
  process->space = NULL;
  deadline_clear(&process->alarm);
  signal_queue_clear(&process->pending);
  if (descriptors != NULL)
    descriptors_release(descriptors);
  if (space != NULL)
    process->ticks += space_release(space);
  process->state = PROCESS_ZOMBIE;
  if (process->session == process->id)
    terminal_abandon(process->session);

  struct process *next;
  for (struct process *child = process->children; child != NULL; child = next) {
    next = child->next_sibling;
    if (init_process == process)
      continue;
    adopt(init_process, child);
    if (child->state == PROCESS_ZOMBIE)
      tell_parent(child, CLD_EXITED, WEXITSTATUS(child->status));
    else
      release_orphans(child->group);
  }
  if (process != init_process)
    process->children = NULL;
  if (process == init_process) {
    say("init has ended with status 0x%x", (unsigned)process->status);
    server_power(false, WIFEXITED(process->status) ? WEXITSTATUS(process->status) : 1);
    return;
  }
  bool exited = WIFEXITED(process->status);
  bool ignored = ignores_children(process->parent) && process->end_signal == SIGCHLD;
  pid_t group = process->group;
  tell_parent(process,
              exited                       ? CLD_EXITED
              : WCOREDUMP(process->status) ? CLD_DUMPED
                                           : CLD_KILLED,
              exited ? WEXITSTATUS(process->status) : WTERMSIG(process->status));
  if (ignored)
    forget(process);
  release_orphans(group);
}

void process_stop(struct process *process, int signal) {
  if (process->state != PROCESS_LIVES)
    return;
  process->state = PROCESS_STOPPED;
  process->status = signal << 8 | 0x7f;
  process->stop_reported = false;
  process->continued = false;
  for (struct task *task = process->tasks; task != NULL; task = task->next)
    task_stop(task);
  if ((process->parent->actions[SIGCHLD].flags & SA_NOCLDSTOP) == 0)
    tell_parent(process, CLD_STOPPED, signal);
  else
    wake_all(&process->parent->child_waiters);
}

void process_continue(struct process *process) {
  if (process->state != PROCESS_STOPPED)
    return;
  process->state = PROCESS_LIVES;
  process->continued = true;
  struct task *next;
  for (struct task *task = process->tasks; task != NULL; task = next) {
    next = task->next;
    task_continue(task);
  }
  if (process->parent == NULL)
    return;
  if ((process->parent->actions[SIGCHLD].flags & SA_NOCLDSTOP) == 0)
    tell_parent(process, CLD_CONTINUED, SIGCONT);
  else
    wake_all(&process->parent->child_waiters);
}

// Priorities of the kernel's: 4 to 20 for nice values 19 to -20, so that servers stay above.
#define MIDDLE_PRIORITY 12
#define TERMINAL_BONUS  1

void process_schedule(struct process *process) {
  bool at_terminal = process->session == terminal_session() &&
                     (process->group == terminal_foreground() || process->id == process->session);
  for (struct task *task = process->tasks; task != NULL; task = task->next) {
    uint32_t priority =
        (uint32_t)(MIDDLE_PRIORITY - task->nice_value * 2 / 5) + (at_terminal ? TERMINAL_BONUS : 0);
    if (priority != task->priority && task->handle != 0)
      kernel_schedule_thread((handle_t)task->handle, priority, AFFINITY_UNCHANGED);
    task->priority = priority; // or when it is started
  }
}

void group_schedule(pid_t group) {
  for (struct process *process = processes; process != NULL; process = process->next)
    if (process->group == group)
      process_schedule(process);
}

bool group_exists(pid_t group, pid_t session) {
  for (struct process *process = processes; process != NULL; process = process->next)
    if (process->group == group && process->session == session && process->state != PROCESS_ZOMBIE)
      return true;
  return false;
}

bool group_is_orphaned(pid_t group) {
  for (struct process *process = processes; process != NULL; process = process->next)
    if (process->group == group && process->state != PROCESS_ZOMBIE && process->parent != NULL &&
        process->parent->group != group && process->parent->session == process->session)
      return false;
  return true;
}

int64_t group_signal(pid_t group, const siginfo_t *info) {
  int64_t result = -ESRCH;
  struct process *next;
  for (struct process *process = processes; process != NULL; process = next) {
    next = process->next;
    if (process->group != group)
      continue;
    result = 0;
    process_signal(process, info);
  }
  return result;
}

// Waiting.

static bool matches(const struct process *child, int64_t which) {
  return which == -1 || child->id == which || child->group == -which;
}

struct child_event {
  pid_t id;
  int status; // as wait4 has it
  uint64_t ticks;
};

// A child with something to tell, which is taken note of unless WNOWAIT. Returns 1, 0 if there is none now,
// or -ECHILD.
static int64_t child_event(struct process *parent, int64_t which, uint64_t options,
                           struct child_event *event) {
  bool any = false;
  for (struct process *child = parent->children; child != NULL; child = child->next_sibling) {
    if (!matches(child, which))
      continue;
    any = true;
    event->id = child->id;
    event->status = child->status;
    event->ticks = child->ticks + child->child_ticks;
    bool keep = (options & WNOWAIT) != 0;
    if (child->state == PROCESS_ZOMBIE && (options & WEXITED) != 0) {
      if (!keep) {
        parent->child_ticks += event->ticks;
        forget(child);
      }
      return 1;
    }
    if (child->state == PROCESS_STOPPED && (options & WUNTRACED) != 0 && !child->stop_reported) {
      child->stop_reported = !keep;
      return 1;
    }
    if (child->state == PROCESS_LIVES && (options & WCONTINUED) != 0 && child->continued) {
      event->status = 0xffff;
      child->continued = keep;
      return 1;
    }
  }
  return any ? 0 : -ECHILD;
}

static struct rusage usage_of(uint64_t ticks) {
  struct timespec time = nanoseconds_to_timespec(ticks_to_nanoseconds(ticks));
  return (struct rusage){.ru_utime = {.tv_sec = time.tv_sec, .tv_usec = time.tv_nsec / 1000}};
}

// The kernel's struct rusage ends before musl's reserved words.
#define RUSAGE_BYTES 144

static int64_t await_child(struct task *task, int64_t which, uint64_t options, struct child_event *event) {
  int64_t found = child_event(task->process, which, options, event);
  if (found != 0 || (options & WNOHANG) != 0)
    return found;
  return wait_on(task, &task->process->child_waiters) ? CALL_BLOCKS : -ENOMEM;
}

HANDLER(sys_wait4) {
  int64_t which = (int32_t)arguments[0];
  uint64_t options = arguments[2];
  if ((options & ~(uint64_t)(WNOHANG | WUNTRACED | WCONTINUED | 0xe0000000)) != 0)
    return -EINVAL;
  if (which == 0)
    which = -task->process->group;
  struct child_event event;
  int64_t found = await_child(task, which, options | WEXITED, &event);
  if (found <= 0)
    return found;
  if (arguments[1] != 0 && copy_out(task, arguments[1], &event.status, sizeof event.status) < 0)
    return -EFAULT;
  struct rusage usage = usage_of(event.ticks);
  if (arguments[3] != 0 && copy_out(task, arguments[3], &usage, RUSAGE_BYTES) < 0)
    return -EFAULT;
  return event.id;
}

HANDLER(sys_waitid) {
  int64_t which;
  uint64_t options = arguments[3];
  switch (arguments[0]) {
  case P_ALL:
    which = -1;
    break;
  case P_PID:
    which = (int32_t)arguments[1];
    break;
  case P_PGID:
    which = arguments[1] == 0 ? -task->process->group : -(int64_t)(int32_t)arguments[1];
    break;
  default:
    return -EINVAL;
  }
  if ((options & (WEXITED | WSTOPPED | WCONTINUED)) == 0)
    return -EINVAL;
  struct child_event event;
  int64_t found = await_child(task, which, options, &event);
  if (found < 0)
    return found;
  siginfo_t info = {0};
  if (found > 0) {
    info.si_signo = SIGCHLD;
    info.si_pid = event.id;
    info.si_code = WIFCONTINUED(event.status) ? CLD_CONTINUED
                   : WIFSTOPPED(event.status) ? CLD_STOPPED
                   : WIFEXITED(event.status)  ? CLD_EXITED
                                              : CLD_KILLED;
    info.si_status = WIFEXITED(event.status)      ? WEXITSTATUS(event.status)
                     : WIFSTOPPED(event.status)   ? WSTOPSIG(event.status)
                     : WIFCONTINUED(event.status) ? SIGCONT
                                                  : WTERMSIG(event.status);
  }
  if (arguments[2] != 0 && copy_out(task, arguments[2], &info, sizeof info) < 0)
    return -EFAULT;
  return 0;
}

// Ends.

HANDLER(sys_exit) {
  struct process *process = task->process;
  if (process->task_count == 1)
    process->status = (int)(arguments[0] & 0xff) << 8;
  task->ending = true;
  return 0;
}

HANDLER(sys_exit_group) {
  process_end(task->process, (int)(arguments[0] & 0xff) << 8);
  return 0;
}

// Identities.

HANDLER(sys_getpid) {
  (void)arguments;
  return task->process->id;
}

HANDLER(sys_getppid) {
  (void)arguments;
  return task->process->parent != NULL ? task->process->parent->id : 0;
}

HANDLER(sys_gettid) {
  (void)arguments;
  return task->id;
}

HANDLER(sys_setpgid) {
  struct process *self = task->process;
  pid_t id = (pid_t)arguments[0], group = (pid_t)arguments[1];
  struct process *process = id == 0 ? self : process_by_id(id);
  if (group == 0)
    group = id == 0 ? self->id : id;
  if (group < 0)
    return -EINVAL;
  if (process == NULL || process->state == PROCESS_ZOMBIE || (process != self && process->parent != self))
    return -ESRCH;
  if (process != self && process->has_executed)
    return -EACCES;
  if (process->session == process->id || process->session != self->session)
    return -EPERM;
  if (group != process->id && !group_exists(group, self->session))
    return -EPERM;
  process->group = group;
  process_schedule(process);
  return 0;
}

static int64_t of_process(struct task *task, uint64_t id, bool session) {
  struct process *process = id == 0 ? task->process : process_by_id((pid_t)id);
  if (process == NULL)
    return -ESRCH;
  return session ? process->session : process->group;
}

HANDLER(sys_getpgid) { return of_process(task, arguments[0], false); }
HANDLER(sys_getsid) { return of_process(task, arguments[0], true); }

HANDLER(sys_setsid) {
  (void)arguments;
  struct process *process = task->process;
  if (process->group == process->id || group_exists(process->id, process->session))
    return -EPERM;
  process->group = process->session = process->id;
  process_schedule(process);
  return process->id;
}

// Resources.

HANDLER(sys_prlimit64) {
  struct process *process = arguments[0] == 0 ? task->process : process_by_id((pid_t)arguments[0]);
  uint64_t resource = arguments[1];
  if (process == NULL)
    return -ESRCH;
  if (resource >= RLIM_NLIMITS)
    return -EINVAL;
  struct rlimit old = process->limits[resource], new;
  if (arguments[2] != 0) {
    if (copy_in(task, &new, arguments[2], sizeof new) < 0)
      return -EFAULT;
    if (new.rlim_cur > new.rlim_max)
      return -EINVAL;
    if (resource == RLIMIT_NOFILE && new.rlim_max > MAX_DESCRIPTORS)
      return -EPERM;
    process->limits[resource] = new;
  }
  return arguments[3] != 0 ? copy_out(task, arguments[3], &old, sizeof old) : 0;
}

HANDLER(sys_getrlimit) {
  uint64_t forwarded[6] = {0, arguments[0], 0, arguments[1]};
  return sys_prlimit64(task, forwarded);
}

HANDLER(sys_setrlimit) {
  uint64_t forwarded[6] = {0, arguments[0], arguments[1], 0};
  return sys_prlimit64(task, forwarded);
}

HANDLER(sys_getrusage) {
  struct process *process = task->process;
  uint64_t ticks = (int32_t)arguments[0] == RUSAGE_CHILDREN ? process->child_ticks
                                                            : process->ticks + process_running_ticks(process);
  struct rusage usage = usage_of(ticks);
  return copy_out(task, arguments[1], &usage, RUSAGE_BYTES);
}

HANDLER(sys_times) {
  struct process *process = task->process;
  uint64_t tick = clock_frequency() / 100; // USER_HZ
  uint64_t times[4] = {(process->ticks + process_running_ticks(process)) / tick, 0,
                       process->child_ticks / tick, 0};
  if (arguments[0] != 0 && copy_out(task, arguments[0], times, sizeof times) < 0)
    return -EFAULT;
  return (int64_t)(clock_now() / tick);
}
