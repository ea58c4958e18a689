#pragma once
// Traps into machine mode.

#include "layout.h"
#include <stdint.h>

struct frame {
  uint64_t x[32];
};

_Static_assert(sizeof(struct frame) == FRAME_SIZE, "trap.S builds the frame");

// An exception that is to be raised in supervisor mode: its scause and stval.
struct exception {
  uint64_t cause;
  uint64_t value;
};

// Where every trap begins: see trap.S.
void trap_entry(void);

// Called by trap.S for an interrupt.
void trap_interrupt(uint64_t cause);

// Called by trap.S for an exception that is not an SBI call.
void trap_exception(struct frame *frame);

// Called by trap.S for a trap that the firmware itself raised: reports it and switches the machine off.
_Noreturn void panic(const struct frame *frame);

// Makes the trap that is being handled one to supervisor mode, as if `epc` had raised the exception and it
// had been delegated (privileged specification 3.1.8, 4.1.1).
void trap_redirect(const struct exception *exception, uint64_t epc);
