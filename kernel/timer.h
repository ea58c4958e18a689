// Time, in ticks of the `time` CSR, and the one deadline each hart has.
#pragma once

#include "riscv.h"
#include "types.h"

#define TIMER_NEVER UINT64_MAX

// Reads the clock's frequency, and whether harts have their own comparators (Sstc), from the device tree.
void timer_init(void);

bool timer_is_sstc(void);

static inline uint64_t timer_now(void) { return csr_read(time); }

// Interrupts this hart once `deadline` is reached; until then no timer interrupt is pending.
void timer_set(uint64_t deadline);

uint64_t timer_from_microseconds(uint64_t microseconds);
