// A 16550-compatible UART: queued output, input byte by byte.
#pragma once

#include "lib/handles.h"
#include <stdbool.h>
#include <stddef.h>

// Maps the registers, which are 2^shift bytes apart, and has the device raise its interrupt. Returns 0 or an
// error.
int64_t uart_open(handle_t registers, unsigned shift);

// The next byte that has been received, or -1.
int uart_read(void);

// How many bytes uart_write takes now; it queues one.
size_t uart_room(void);
void uart_write(uint8_t byte);

// Hands over what is queued, as far as the device takes it; after writing, and after its interrupt.
void uart_transmit(void);

// Whether all has been handed over; and throwing away what has not.
bool uart_is_idle(void);
void uart_discard(void);

// Holds back the output, or lets it go on.
void uart_hold(bool held);
