#pragma once
// The board's reset controller, SiFive's test finisher.

#include <stdbool.h>
#include <stdint.h>

bool power_is_controllable(void);

// Switches the machine off; the host sees `status`, 0 for success. Halts the hart on a board without the
// device.
_Noreturn void power_off(uint16_t status);

// Resets the whole machine, as far as the board can.
_Noreturn void power_reset(void);
