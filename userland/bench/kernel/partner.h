// Threads to measure with, in the own process or in others. All processes show the same memory at the same
// addresses: a partner's variables are the benchmark's, its capabilities are its own.
#pragma once

#include "lib/ipc.h"

#define OWN_HART 1ul // affinity: everybody is on the hart on which it is measured

typedef void work(uint64_t argument);

struct partner {
  handle_t process; // HANDLE_PROCESS: the own one
  handle_t thread;
  unsigned slot;
};

// Before the first partner, and whenever something has been mapped that the next ones are to see.
void partners_open(void);

// A process that sees this one's memory and has no thread.
handle_t partner_process(void);

// Starts `run(argument)` in a process, bound to a hart.
struct partner partner_start(handle_t process, work *run, uint64_t argument);

// Lets the caller run on any hart, though it stays where it is: threads that are bound to some harts are not
// for the kernel's fast path.
void partner_release(void);

// Binds the caller again.
void partner_bind(void);

// Ends the thread, and its process if that is not the own one.
void partner_end(struct partner partner);

// Waits until the thread has ended by itself.
void partner_join(struct partner partner);

// The stack and message buffer of no partner: the caller goes on with them, as `run`. Needed because the
// first process's thread is as urgent as can be and has no message buffer, and stacks made by lib/thread.h
// are wired: not to be copied.
_Noreturn void partner_become(work *run);
