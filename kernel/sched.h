// Who runs where: 32 priorities on every hart, round robin inside one. A hart without work takes some from
// another, as far as affinity allows.
#pragma once

#include "thread.h"
#include "types.h"

// Makes a thread, which is in no queue, ready; parks it if it is suspended.
void sched_ready(struct thread *thread);

// Puts the running thread behind the others of its priority.
void sched_yield(struct thread *thread);

// Takes a thread off its hart, or out of its queue; its state is the caller's to set. It does not run on
// another hart.
void sched_remove(struct thread *thread);

// Puts a ready thread where it belongs after its priority or its affinity has changed.
void sched_replace(struct thread *thread);

// The thread this hart is to run next, its address space in place. Idles until there is one.
struct thread *sched_next(void);

// After a timer interrupt.
void sched_tick(void);

// After a deadline was set without a wait: the timer may have to interrupt earlier.
void sched_watch_deadlines(void);

// Has memory for a thread's floating-point registers, zeroed if it had none. Returns false when there is
// none.
bool sched_allocate_float(struct thread *thread);

// Gives a running thread its floating-point registers: its own, or zeroed ones at the first time. Returns
// false when there is no memory for them.
bool sched_start_float(struct thread *thread);

// Puts its floating-point registers into memory, if this hart has newer ones. It does not run on another
// hart.
void sched_save_float(struct thread *thread);

// Its floating-point registers in memory have changed: what a hart has of them is old.
void sched_drop_float(struct thread *thread);

// A thread ends: its floating-point registers go.
void sched_forget_float(struct thread *thread);

uint64_t sched_switches(void);
