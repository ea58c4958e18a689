// Threads of POSIX processes: each is a thread of the kernel's, whose system calls come here as messages.
//
// A call that has to wait leaves nothing on a stack: its reply is saved, the thread stands in the queues of
// what it waits for, and when one of these is woken, the call is tried again from its beginning. What must
// survive from one try to the next is in struct call.
#pragma once

#include "call.h"
#include "deadline.h"
#include "signal_set.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct file;
struct process;
struct task;
struct wait_queue;

// Results of a system call that are no results: further from 0 than any errno.
#define CALL_BLOCKS      (-100000l) // the thread stands in queues, or has a deadline, or only a signal ends it
#define CALL_INTERRUPTED (-100001l) // by a signal; EINTR, or the call begins again behind the handler
#define CALL_REGISTERS   (-100002l) // the thread's registers have been written
#define CALL_ENDS        (-100003l) // the thread does not come back

// One of the queues a thread stands in.
struct waiter {
  struct task *task;
  struct wait_queue *queue; // NULL: none
  struct waiter *next, *previous;
  struct waiter *next_of_task;
};

// Threads that wait for something to change. All zero: nobody.
struct wait_queue {
  struct waiter *first;
};

struct call {
  uint64_t number;
  uint64_t arguments[6];
  uint64_t deadline;    // of the first try
  uint64_t done;        // by earlier tries; in bytes for input and output
  bool retried;         // this is not the first try
  bool expired;         // its deadline has passed
  bool interrupted;     // by a signal, since the last try
  bool uninterruptible; // but for SIGKILL
  void (*on_interrupt)(struct task *task);
  struct file *held; // a reference kept from one try to the next
};

enum task_state {
  TASK_RUNS,  // as far as is known: its next call may be under way
  TASK_CALLS, // one of our threads is working on its call
  TASK_WAITS, // its reply is saved
};

struct task {
  pid_t id;
  uint64_t tag; // what its messages carry: the id, and a number that no earlier thread of that id had
  struct process *process;
  struct task *next, *previous; // of the process
  uint64_t handle;

  enum task_state state;
  bool excepted;  // what it has called with is an exception
  bool ending;    // is to end as soon as nobody works on its call
  bool stopped;   // suspended because its process is stopped
  uint64_t reply; // saved, or 0: the caller is that of the thread of ours which works on it
  struct call call;

  struct waiter waiter;   // the first of its waiters
  struct waiter *waiters; // those in use
  bool woken;             // while somebody still worked on its call
  struct task *next_ready, *previous_ready;
  bool ready; // in the list of those whose calls are to be tried again
  struct deadline deadline;

  signal_set mask;
  signal_set mask_behind_call; // replaces the mask when the call is over, if has_mask_behind_call
  bool has_mask_behind_call;
  struct signal_queue pending;
  struct deadline nudge; // to look again whether its signals can be delivered
  uint64_t alternate_stack, alternate_stack_bytes;

  uint64_t clear_id_address; // set to 0 and woken when it ends
  struct futex_waiter *futex;
  struct process *vfork_child; // whose exec or end it waits for
  int32_t nice_value;
  uint32_t priority;
  uint64_t affinity;
  char name[16];
};

// The thread of a message's tag, or of an id; NULL if there is none.
struct task *task_by_tag(uint64_t tag);
struct task *task_by_id(pid_t id);

// A thread of `process` that is not yet one of the kernel's; NULL when there is no memory or id.
struct task *task_create(struct process *process);

// Makes the kernel's thread, with these registers, and starts it. Returns 0 or a negative error.
int64_t task_start(struct task *task, const struct thread_state *state);

// Takes a thread that never started, or that has ended, out of all tables.
void task_free(struct task *task);

// Works on the call that has been put into `task`, until it is answered, waits, or the thread has ended.
void task_serve(struct task *task);

// Goes on with a call whose handler returned this result.
void task_finish(struct task *task, int64_t result);

// Ends a thread, now or as soon as nobody works on its call. The last one of a process ends that too.
void task_end(struct task *task);

// Puts a thread into a queue, for a handler that then returns CALL_BLOCKS. False: no memory.
bool wait_on(struct task *task, struct wait_queue *queue);

// Lets everybody in a queue try again.
void wake_all(struct wait_queue *queue);

// Lets one thread try again.
void task_wake(struct task *task);

// Takes a thread out of all queues, futexes and deadlines.
void task_leave_queues(struct task *task);

// Interrupts what a thread waits in, if it waits.
void task_interrupt(struct task *task);

// Stops, by suspension, and continues a thread.
void task_stop(struct task *task);
void task_continue(struct task *task);

// Answers what a thread has called with: a label of message.h's and its word 0.
void task_answer(struct task *task, uint32_t label, uint64_t word);

// Sets the deadline of the call at its first try; at a later one, leaves it (NEVER: none). Returns 0,
// -ENOMEM, or -ETIMEDOUT when it has passed.
int64_t task_await_deadline(struct task *task, uint64_t when);

// Tries the calls of all woken threads again. The caller answers its own first.
void tasks_retry(void);
bool tasks_are_ready(void);

// What the thread of ours that works now is to answer to the message it works on, if anything.
struct answer {
  bool present;
  uint32_t label;
  uint64_t word;
};
extern _Thread_local struct answer answer;
