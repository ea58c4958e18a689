#pragma once
// The console: a UART of the 16550 family with byte-wide registers. Without one, output is thrown away.

#include <stdbool.h>
#include <stddef.h>

// 8 data bits, no parity, no interrupts; the baud rate stays as it is.
void console_open(void);
bool console_exists(void);

// Waits until the UART takes the byte.
void console_put(char byte);

// Writes as much as the UART takes at once and returns how much that is; bytes of one call stay together.
size_t console_write(const char *bytes, size_t length);

// The next byte received, or -1.
int console_get(void);

// Formats %s, %c, %u (unsigned), %lu and %lx (unsigned long). A newline becomes carriage return and newline.
__attribute__((format(printf, 1, 2))) void print(const char *format, ...);
