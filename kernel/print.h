// Messages of the kernel itself, on the console.
#pragma once

#include "types.h"

// Knows %s, %u, %x, with `l` for 64-bit numbers, and %p, which is 16 digits of hexadecimal.
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Prints "kernel panic: " and the message, and powers off with status 1.
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));
