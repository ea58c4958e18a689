// The end of the run.
#pragma once

#include "types.h"

// Finds the board's test device, which can report a status; the firmware's own power-off cannot.
void power_init(void);

// Powers off. The status, 0 to 65535, is the machine's to report: our machine and QEMU exit with it.
_Noreturn void power_off(uint16_t status);

_Noreturn void power_reboot(void);
