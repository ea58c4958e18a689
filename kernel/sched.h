// Who runs: one round-robin queue for all harts, and the threads that sleep until a time.
#pragma once

#include "thread.h"
#include "types.h"

// Makes a new or blocked thread ready, and a hart that idles look for it.
void sched_wake(struct thread *thread);

// Puts a running thread to the end of the queue.
void sched_yield(struct thread *thread);

// Notes that a running thread blocks.
void sched_block(struct thread *thread);

// Has `sched_tick` wake the thread at a time; the caller blocks it.
void sched_sleep(struct thread *thread, uint64_t wake_time);

// Takes a thread out of everything.
void sched_forget(struct thread *thread);

// The thread this hart is to run next, its address space and floating-point registers in place. Idles until
// there is one.
struct thread *sched_next(void);

// After a timer interrupt: wakes who has slept enough. Returns whether the running thread has had its turn.
bool sched_tick(void);

// Gives a running thread floating-point registers, all zero: it had none so far.
void sched_start_fp(struct thread *thread);
