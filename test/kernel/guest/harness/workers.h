// Threads and processes to test with. All processes show the same memory at the same addresses, so that a
// test's variables are common to them; their capabilities are their own.
#pragma once

#include "harness/check.h"

// What a worker executes; its result is the thread's value.
typedef int64_t work(uint64_t a, uint64_t b);

struct worker {
  handle_t thread;
  unsigned slot; // of its stack and message buffer
};

struct work_options {
  uint32_t priority; // 0: the creator's
  uint64_t affinity; // 0: any hart
  bool suspended;
};

// Starts `run(a, b)` in a process.
struct worker worker_start(handle_t process, work *run, uint64_t a, uint64_t b);
struct worker worker_start_with(handle_t process, work *run, uint64_t a, uint64_t b,
                                struct work_options options);

// Waits until it has ended, ten seconds at most, and returns its value.
int64_t worker_join(struct worker worker);

// What is left of a worker whose end does not matter, or has been seen.
void worker_forget(struct worker worker);

struct message_buffer *worker_buffer(struct worker worker);

// A process without threads. It has itself (HANDLE_PROCESS) and may print (HANDLE_MACHINE).
handle_t child_create(uint64_t quota, handle_t system_call_endpoint, handle_t fault_endpoint);

// Ends it, waits until it has ended and forgets it.
void child_end(handle_t process);

// A process with one worker.
struct child {
  handle_t process;
  struct worker worker;
};

struct child child_start(work *run, uint64_t a, uint64_t b);

// Waits until it has ended by itself, forgets it, and returns its status.
int64_t child_join(struct child child);

// The same for one that is to be ended now.
void child_kill(struct child child);

// The region of the own address space that an address lies in, and its memory; ends the test if there is
// none.
handle_t memory_at(const void *address, struct region_info *info);

// Maps everything this process sees into another.
void share_everything(handle_t process);

static inline uint64_t now(void) {
  uint64_t time;
  __asm__ volatile("rdtime %0" : "=r"(time));
  return time;
}

#define TICKS_PER_MILLISECOND 10000ul // of both machines: checked at the start

// A deadline from now on.
static inline uint64_t milliseconds(uint64_t count) { return now() + count * TICKS_PER_MILLISECOND; }

// By how much a thread may wake too late: a millisecond; more where time passes without instructions, as the
// file `lateness` in the initrd says.
extern uint64_t lateness;

// Gives others time to get where they wait.
void settle(void);

// How long that takes.
uint64_t settling_ticks(void);

// What the kernel says of a worker that has not ended.
struct thread_info look_at(struct worker worker);

// Waits until the worker waits for that reason; ten seconds at most.
void await_waiting(struct worker worker, enum wait_reason reason);

// A number the test is to be scaled by: of the file `amount` in the initrd, or the default.
uint64_t amount(uint64_t otherwise);

#define QUOTA (1ul << 20) // of an ordinary child

// Each test has these.
extern const char subject[];
void test(void);
