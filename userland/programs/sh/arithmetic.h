#pragma once

#include <stdbool.h>
#include <stdint.h>

// The value of what stands in $(( )): C's integer expressions on 64 bits, with the shell's variables.
// False, after a message, when it cannot be computed.
bool arithmetic(const char *expression, int64_t *value);
