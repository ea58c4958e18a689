// POSIX processes: their tree, process groups and sessions, and how they end.
#pragma once

#include "signal_set.h"
#include "task.h"
#include <sys/resource.h>

struct descriptors;
struct space;

struct signal_action {
  uint64_t handler; // SIG_DFL, SIG_IGN or an address
  uint64_t flags;   // SA_*
  signal_set mask;
};

enum process_state {
  PROCESS_LIVES,
  PROCESS_STOPPED,
  PROCESS_ZOMBIE, // ended, and not waited for
};

struct process {
  pid_t id, group, session;
  enum process_state state;
  struct process *parent;
  struct process *children, *next_sibling, *previous_sibling;
  struct process *next, *previous; // of all

  struct task *tasks;
  uint32_t task_count;
  struct space *space; // NULL: ended
  struct descriptors *descriptors;
  char *directory; // the current one, absolute
  mode_t umask;
  char *executable; // path of what it executes
  char *command_line;
  uint32_t command_line_bytes;
  bool has_executed;
  struct task *vfork_parent; // waits until this one executes something or ends

  struct signal_action actions[SIGNALS + 1];
  struct signal_queue pending;
  struct wait_queue signal_waiters; // in sigtimedwait
  struct deadline alarm;            // ITIMER_REAL
  uint64_t alarm_interval;          // in ticks

  int end_signal;                // what the parent gets
  bool ending;                   // its threads are
  int status;                    // as wait4 tells it
  bool stop_reported, continued; // what waitpid has told; what it has to tell
  struct wait_queue child_waiters;
  struct rlimit limits[RLIM_NLIMITS];
  uint64_t started;     // tick
  uint64_t ticks;       // used, of threads that ended
  uint64_t child_ticks; // of waited-for children
};

extern struct process *processes; // all of them
extern struct process *init_process;
extern uint32_t process_count, task_count;

struct process *process_by_id(pid_t id);       // NULL: none
struct process *process_at_or_after(pid_t id); // that with the lowest id from this one on

// Whether there may be one more process, a child of this one.
bool process_may_fork(const struct process *process);

// A child of `parent` (NULL: the first process) with one thread, but without space and descriptors.
struct process *process_create(struct process *parent);

// Takes back a process that never started.
void process_discard(struct process *process);

// Ends all threads and, with the last, the process, with a status as wait4 tells it.
void process_end(struct process *process, int status);

// The last thread is gone.
void process_ended(struct process *process);

// Lets the parent of a vfork go on.
void process_release_vfork(struct process *process);

void process_stop(struct process *process, int signal);
void process_continue(struct process *process);

// Ticks that its living threads have used.
uint64_t process_running_ticks(const struct process *process);

// Has the kernel run its threads by their nice values, and those of who is at the terminal before others: the
// session's leader and the foreground group.
void process_schedule(struct process *process);
void group_schedule(pid_t group);

bool group_exists(pid_t group, pid_t session);
// Nobody in it has a parent in another group of the session, who could continue it.
bool group_is_orphaned(pid_t group);

// Sends a signal to everybody in a group. ESRCH if it is empty.
int64_t group_signal(pid_t group, const siginfo_t *info);
