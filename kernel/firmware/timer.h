#pragma once
// The supervisor's timer: stimecmp where the hart has it (Sstc), else the CLINT's, whose interrupt is
// forwarded.

#include <stdbool.h>
#include <stdint.h>

// Interrupts the calling hart's supervisor when the clock reaches `deadline`, in ticks; until then nothing is
// pending.
void timer_set(uint64_t deadline);

// Leaves the calling hart's timer without deadline or pending interrupt.
void timer_disarm(void);

// Turns the machine timer interrupt into the supervisor's.
void timer_forward(void);

// Whether the calling hart has the `time` register, for itself and its supervisor. Only for boot.
bool timer_is_readable(void);

// The clock, in ticks.
uint64_t timer_now(void);
