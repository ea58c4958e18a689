#pragma once
// Requests from hart to hart. Each hart has an inbox, a word of bits that others set before they raise its
// machine software interrupt: bit i asks it to execute the fence of hart i, IPI_SUPERVISOR to interrupt its
// supervisor.

#include "layout.h"
#include <stdint.h>

#define IPI_FENCE(hart) (1u << (hart))
#define IPI_FENCES      ((1u << MAX_HARTS) - 1)
#define IPI_SUPERVISOR  (1u << MAX_HARTS)

// Puts `requests` (0 to do no more than wake it) into the hart's inbox and interrupts it.
void ipi_post(uint64_t hart, uint32_t requests);

// Does what the calling hart's inbox asks, and empties it.
void ipi_serve(void);

// Raises the supervisor software interrupt of every hart in the set that is not stopped.
void ipi_interrupt_supervisors(uint32_t set);
