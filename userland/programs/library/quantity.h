#pragma once
// Numbers and sizes as people write and read them.

#include <stdint.h>

// The number `text` stands for, which may end in k, M or G (of 1024). Ends the program with status 2, after a
// message that says what it was to be, when it is no number or below `least`.
int64_t parse_quantity(const char *text, int64_t least, const char *meaning);

// "1.5M" for a size in bytes; at most 5 characters. Valid until the eighth call after this one.
const char *format_size(uint64_t bytes);
