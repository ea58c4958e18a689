#pragma once
// Harts: what the firmware knows of each, its machine-mode set-up, and its hand-over to the supervisor.

#include "csr.h"
#include "fence.h"
#include "layout.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

// Numbered as the SBI's HSM extension reports them. Stopping and resuming take effect at once here, so their
// "pending" states never occur.
enum hart_state {
  HART_STARTED = 0,
  HART_STOPPED = 1,
  HART_START_PENDING = 2,
  HART_SUSPENDED = 4,
};

struct hart {
  _Atomic uint32_t state;
  // Requests from other harts: see ipi.h.
  _Atomic uint32_t inbox;
  // The fence this hart asks of others, and the set of those that have still to execute it.
  struct fence fence;
  _Atomic uint32_t fence_awaited;
  // Where HSM's hart_start wants it. Written before `state` becomes HART_START_PENDING.
  uint64_t start_address;
  uint64_t start_opaque;
  // The supervisor's timer is stimecmp; without Sstc it is the CLINT's, forwarded.
  bool sstc;
};

extern struct hart harts[MAX_HARTS];

static inline uint64_t hart_id(void) { return csr_read(mhartid); }
static inline struct hart *hart_self(void) { return &harts[hart_id()]; }

// Sets up the calling hart's machine-mode registers: delegation, counters, memory protection, timer.
void hart_prepare(void);

// Enters the supervisor at `address` with a0 = hart id, a1 = `opaque`, translation and interrupts off.
_Noreturn void hart_enter_supervisor(uint64_t address, uint64_t opaque);

// Stops the calling hart, until another starts it.
_Noreturn void hart_stop(void);

// Waits, stopped, until another hart starts the calling one; answers fences meanwhile.
_Noreturn void hart_wait_for_start(void);

// Waits until an interrupt that the supervisor has enabled is pending; answers fences and timer meanwhile.
void hart_suspend(void);

// Resolves the SBI's hart mask (section 3.1, "Hart list parameter") into a set of harts. False if it names a
// hart the board does not have.
bool hart_set(uint64_t mask, uint64_t base, uint32_t *set);

// In assembly: the last step of hart_enter_supervisor, and the end of a hart that has nothing left to do.
_Noreturn void supervisor_enter(uint64_t hart, uint64_t opaque, uint64_t address);
_Noreturn void halt(void);
