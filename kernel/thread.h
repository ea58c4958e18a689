// A thread: what is scheduled. It belongs to a process, whose address space it executes in.
//
// All of a thread that does not execute is in its trapframe and its floating-point registers. One that waits
// has its pc at the `ecall` it waits in, or at the instruction that faulted, and would only have to begin
// again: so any wait but that for an answer can be broken off at any time.
#pragma once

#include "trapframe.h"

#define THREAD_SELF        -16 // offsets from a thread's trapframe, for fastpath.S
#define THREAD_PROCESS     288
#define THREAD_OBSTACLES   296
#define OBSTACLE_PINNED    2 // byte of the obstacles
#define THREAD_STATE       304
#define THREAD_WAITING_FOR 305
#define THREAD_PRIORITY    307
#define THREAD_SHORT_FRAME 309
#define THREAD_QUEUE       312
#define THREAD_NEXT        320
#define THREAD_PREVIOUS    328
#define THREAD_SERVER      336
#define THREAD_CALLER      344
#define THREAD_SERVES      352
#define THREAD_BOUND       360
#define THREAD_TICKS       368
#define THREAD_CALLS       376
#define THREAD_RECEIVED    384
#define THREAD_AFFINITY    400

#ifndef __ASSEMBLER__

#include "abi/message.h"
#include "deadline.h"
#include "object.h"
#include "thread_queue.h"
#include "types.h"

enum run_state {
  THREAD_PARKED,  // could run, but is suspended, or has not been started
  THREAD_READY,   // in a hart's queue
  THREAD_RUNNING, // on a hart
  THREAD_WAITING, // for what `waiting` says
  THREAD_ENDED,
};

// What a thread that waits to send, or for an answer, sends.
enum message_kind {
  MESSAGE_USER,        // what its registers and buffer say
  MESSAGE_SYSTEM_CALL, // of another personality
  MESSAGE_EXCEPTION,
  MESSAGE_PAGE_REQUEST,
};

struct float_registers {
  uint64_t f[32];
  uint64_t fcsr;
};

// To be told when something ends.
struct end_watch {
  struct notification *notification; // NULL: nobody
  uint64_t badge;
};

// Why a thread may not run.
#define SUSPENDED_ITSELF     1
#define SUSPENDED_BY_PROCESS 2

struct thread {
  struct object object;
  struct trapframe trapframe;
  struct process *process;
  // With these the fast path cannot deal: it looks at them together.
  union {
    uint64_t obstacles;
    struct {
      uint8_t suspended; // SUSPENDED_*
      bool doomed;       // to end as soon as it is in the kernel: it runs on another hart
      bool pinned;       // there are harts it must not run on
      bool timed;        // its wait has a deadline
      bool urgent;       // what it waits to send overtakes
      bool inherits;     // it is more urgent than of itself
      uint8_t sending;   // enum message_kind
      bool floats_on;    // it runs, and the floating-point registers are its own
    };
  };
  uint8_t state;   // enum run_state
  uint8_t waiting; // enum wait_reason
  uint8_t priority;
  uint8_t effective_priority; // with what is inherited from those who wait for it
  bool calls;                 // what it sends wants an answer
  bool short_frame;           // it is ready, and its trapframe has only what kernel calls preserve, and a0
  struct thread_queue *queue; // that it is in, and its neighbours there
  struct thread *next, *previous;
  struct thread *server;      // who has its call, and has not saved the reply
  struct thread *caller;      // whose call it has
  struct channel *serves;     // the endpoint it received from last
  struct notification *bound; // whose bits end its waiting to receive
  uint64_t ticks, calls_made, received, faults;
  uint64_t affinity;

  uint64_t id, tag;
  struct thread *next_of_process, *previous_of_process;
  struct deadline deadline;      // of its wait
  struct message_buffer *buffer; // NULL: it has none; in wired memory
  struct memory *buffer_memory;
  struct reply *reply;   // that can answer its call
  uint64_t sender_badge; // of the capability it sends by
  uint64_t request[4];   // a page request's words
  struct futex_key {
    struct memory *memory;
    uint64_t offset;
  } futex;

  struct float_registers *floats; // NULL: it never used any
  struct hart *float_hart;        // the last to have loaded them

  uint64_t end_value;
  struct thread_queue end_waiters;
  struct end_watch end_watch;
};

// Offsets from the trapframe, for fastpath.S.
#define CHECK_OFFSET(member, value)                                                                          \
  _Static_assert(offsetof(struct thread, member) - offsetof(struct thread, trapframe) == (value),            \
                 "fastpath.S")
CHECK_OFFSET(process, THREAD_PROCESS);
CHECK_OFFSET(obstacles, THREAD_OBSTACLES);
CHECK_OFFSET(state, THREAD_STATE);
CHECK_OFFSET(waiting, THREAD_WAITING_FOR);
CHECK_OFFSET(effective_priority, THREAD_PRIORITY);
CHECK_OFFSET(short_frame, THREAD_SHORT_FRAME);
CHECK_OFFSET(queue, THREAD_QUEUE);
CHECK_OFFSET(next, THREAD_NEXT);
CHECK_OFFSET(previous, THREAD_PREVIOUS);
CHECK_OFFSET(server, THREAD_SERVER);
CHECK_OFFSET(caller, THREAD_CALLER);
CHECK_OFFSET(serves, THREAD_SERVES);
CHECK_OFFSET(bound, THREAD_BOUND);
CHECK_OFFSET(ticks, THREAD_TICKS);
CHECK_OFFSET(calls_made, THREAD_CALLS);
CHECK_OFFSET(received, THREAD_RECEIVED);
CHECK_OFFSET(affinity, THREAD_AFFINITY);
CHECK_OFFSET(pinned, THREAD_OBSTACLES + OBSTACLE_PINNED);
_Static_assert(offsetof(struct thread, trapframe) == -THREAD_SELF, "fastpath.S");
#undef CHECK_OFFSET

static inline struct thread *thread_of(struct trapframe *trapframe) {
  return (struct thread *)((char *)trapframe - offsetof(struct thread, trapframe));
}

static inline struct thread *thread_of_deadline(struct deadline *deadline) {
  return (struct thread *)((char *)deadline - offsetof(struct thread, deadline));
}

// A parked thread of a process, charged to a quota, with one reference; NULL when memory is exhausted.
struct thread *thread_create(struct process *process, struct quota *quota, const struct thread_start *start);

// Has the thread, which runs on this hart or waits already for nothing, wait: in a queue if that is not NULL,
// until the deadline at the latest. With the deadline its call returns ETIMEDOUT.
void thread_wait(struct thread *thread, enum wait_reason reason, struct thread_queue *queue,
                 uint64_t deadline);

// Ends a thread's wait and makes it ready: it makes its call again.
void thread_wake(struct thread *thread);

// Ends the call that the thread makes, or waits in, with a result.
void thread_complete(struct thread *thread, int64_t result);

// The result of the call that the thread makes: a0, and on behind the `ecall`.
static inline void thread_return(struct thread *thread, int64_t result) {
  thread->trapframe.a0 = (uint64_t)result;
  thread->trapframe.pc += 4; // ecall has no compressed form
}

// Breaks off whatever the thread waits in, as if it had not begun. A call that somebody has received stays:
// the thread goes on waiting for its answer.
void thread_restart(struct thread *thread);

// Takes the thread out of the running, for one more SUSPENDED_ reason: returns false if it runs on another
// hart, which has been interrupted; try again later. It goes on when the last reason is gone.
bool thread_suspend(struct thread *thread, uint8_t reason);
void thread_resume(struct thread *thread, uint8_t reason);

// Ends the call the thread waits in with EINTR. Returns false if it waits in none that can be interrupted.
bool thread_interrupt(struct thread *thread);

// Ends a thread; if it runs on another hart, soon.
void thread_end(struct thread *thread, uint64_t value);

// Undoes thread_create: the thread has never run, and its process does not end with it.
void thread_discard(struct thread *thread);

// A mask of harts, of which one exists.
void thread_set_affinity(struct thread *thread, uint64_t affinity);

// Sets the priority it has of itself, or recomputes what it inherits after something has changed for those
// who wait for it, and passes it on to whom it waits for itself.
void thread_set_priority(struct thread *thread, uint8_t priority);
void thread_inherit(struct thread *thread);

// For object_release.
void thread_destroy(struct thread *thread);

#endif
