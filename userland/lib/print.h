#pragma once

// Writes to the console, in one piece up to 256 bytes. Knows %s %c %d %u %x and %%, with a width, `-` or `0`
// before it, and `l` for 64-bit numbers.
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
