// A thread: what is scheduled. It belongs to a process, whose address space it executes in.
#pragma once

#include "trapframe.h"
#include "types.h"

enum thread_state {
  THREAD_FREE,    // the structure is unused
  THREAD_READY,   // in the run queue
  THREAD_RUNNING, // on a hart
  THREAD_BLOCKED, // until sched_wake
};

struct fp_registers {
  uint64_t f[32];
  uint64_t fcsr;
};

struct thread {
  struct trapframe trapframe; // first, so that one is found from the other
  struct fp_registers fp;     // of any meaning only while the trapframe's sstatus.FS is on
  struct hart *fp_hart;       // the last to have loaded `fp`
  struct process *process;
  enum thread_state state;
  bool doomed;         // killed while running on another hart; ends when it next enters the kernel
  struct thread *next; // in the run queue, or among the sleepers
  uint64_t wake_time;  // of a sleeper
};

static inline struct thread *thread_of(struct trapframe *trapframe) { return (struct thread *)trapframe; }

// What is to become of a thread that trapped. Handlers decide; `trap` does it.
enum verdict {
  RESUME, // goes on at once
  YIELD,  // could go on, but others come first
  BLOCK,  // waits for sched_wake; its call is done
  RETRY,  // waits for sched_wake, and then makes its call again
  END,    // is no more
};
