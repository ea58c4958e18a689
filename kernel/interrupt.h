// Interrupts: another hart's, the timer's, devices'.
#pragma once

#include "types.h"

// Handles the interrupt with that number in scause. Returns whether the running thread should let others run.
bool interrupt_handle(uint64_t number);

// Handles whatever is pending on this hart.
void interrupt_handle_pending(void);
