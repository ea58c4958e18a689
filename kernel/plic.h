// The platform-level interrupt controller: devices' interrupts, all taken by the boot hart.
#pragma once

#include "types.h"

#define PLIC_SOURCES 128 // 1 up to, not including, this one

// Finds the controller in the device tree.
void plic_init(void);
bool plic_is_present(void);

void plic_enable(uint32_t source);
void plic_disable(uint32_t source);

// The most urgent source that waits, or 0; it does not come again until it has been completed.
uint32_t plic_claim(void);
void plic_complete(uint32_t source);
