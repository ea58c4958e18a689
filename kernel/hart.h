// What the kernel keeps for each hart. In the kernel, tp points at the one that executes.
#pragma once

#define MAX_HARTS        8
#define HART_STACK_TOP   0 // offsets in struct hart, and its size
#define HART_ID          8
#define HART_BIT         16
#define HART_RUNNING     24
#define HART_SPACE       32
#define HART_SINCE       40
#define HART_SLICE_END   48
#define HART_READY       56
#define HART_LOCK        64
#define HART_QUEUES      72
#define HART_BYTES       632
#define HART_STACK_BYTES 0x4000
// Below each stack lies a page that is not mapped, so that an overflow is a fault and not a riddle.
#define HART_STACK_GUARD 0x1000

#ifndef __ASSEMBLER__

#include "abi/call.h"
#include "thread_queue.h"
#include "types.h"

struct hart {
  uint64_t stack_top;
  uint64_t hart_id; // the firmware's and the device tree's number for it
  uint64_t bit;     // by which it is in masks of harts: 1 << index
  struct thread *running;
  struct address_space *space; // whose page table satp points at; NULL: the kernel's own
  uint64_t since;              // when the running thread, or idling, began
  uint64_t slice_end;          // when the running thread has had its turn
  uint64_t ready_priorities;   // a bit for each priority with ready threads
  struct lock *lock;           // the kernel's, for the fast path; NULL: this hart is the only one
  struct thread_queue ready[PRIORITIES];
  unsigned index; // in `harts`; the boot hart's is 0
  uint32_t ready_count;
  bool must_flush_tlb; // ASIDs were handed out anew: old translations must go before the next one is used
  bool must_fence_instructions; // code was written that it may have old copies of
  bool reschedule;              // the running thread may have to give way: look again
  bool turn_over;               // and go behind the others of its priority then
  bool idle;
  struct thread *float_owner;    // whose values the floating-point registers hold
  uint64_t timer_set;            // when the timer will interrupt
  uint64_t deadlines_rest_until; // those that are due wait
  uint64_t idle_ticks;
};

_Static_assert(offsetof(struct hart, stack_top) == HART_STACK_TOP, "trap.S, entry.S");
_Static_assert(offsetof(struct hart, hart_id) == HART_ID, "entry.S");
_Static_assert(offsetof(struct hart, bit) == HART_BIT, "fastpath.S");
_Static_assert(offsetof(struct hart, running) == HART_RUNNING, "fastpath.S");
_Static_assert(offsetof(struct hart, space) == HART_SPACE, "fastpath.S");
_Static_assert(offsetof(struct hart, since) == HART_SINCE, "fastpath.S");
_Static_assert(offsetof(struct hart, slice_end) == HART_SLICE_END, "fastpath.S");
_Static_assert(offsetof(struct hart, ready_priorities) == HART_READY, "fastpath.S");
_Static_assert(offsetof(struct hart, lock) == HART_LOCK, "fastpath.S");
_Static_assert(offsetof(struct hart, ready) == HART_QUEUES, "fastpath.S");
_Static_assert(sizeof(struct hart) == HART_BYTES, "entry.S");

extern struct hart harts[MAX_HARTS];
extern unsigned hart_count;

static inline struct hart *this_hart(void) {
  struct hart *hart;
  __asm__("mv %0, tp" : "=r"(hart));
  return hart;
}

// Fills `harts` from the device tree; the one with id `boot_hart_id` comes first.
void hart_find_all(uint64_t boot_hart_id);

// Has the firmware start every hart but the boot hart, in `secondary_entry`.
void hart_start_others(void);

// Sets up this hart's trap vector and interrupt enables.
void hart_set_up_traps(void);

// Lowest address of a hart's stack guard page.
uint64_t hart_stack_guard(unsigned index);

// Interrupts another hart, so that it looks at its thread and its run queue again.
void hart_interrupt(const struct hart *hart);

// The same, whichever hart it is.
void hart_look_again(struct hart *hart);

#endif
