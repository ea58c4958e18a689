// An NS16550 serial port.
#pragma once

#include "fdt.h"
#include "types.h"

// Takes up the port a device tree node describes. Returns false if it is no NS16550.
bool uart_open(fdt_node node);

// Has the port interrupt when a byte has come in.
void uart_enable_interrupt(void);

// Sends a byte once there is room for it.
void uart_write(char byte);

// The next byte that has come in, or -1.
int uart_read(void);
