// Executing programs.
#pragma once

#include <stdint.h>

// Starts the first process: arguments[0] is its executable's path. Returns 0 or an error.
int64_t exec_init(char **arguments);
