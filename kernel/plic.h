// The platform-level interrupt controller: devices' interrupts, all taken by the boot hart.
#pragma once

#include "fdt.h"
#include "types.h"

typedef void plic_handler(void);

// Finds the controller in the device tree.
void plic_init(void);

// Enables the interrupt of a device and has `handler` called for it. Returns false when there is no way to
// get it.
bool plic_enable(fdt_node device, plic_handler *handler);

// Handles every interrupt that waits.
void plic_handle(void);
