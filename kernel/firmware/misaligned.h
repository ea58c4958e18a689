#pragma once
// Loads and stores at addresses that are not a multiple of their size, for harts that trap on them.

#include "trap.h"
#include <stdbool.h>

// Execute the instruction that raised the exception, byte by byte and with the rights of the interrupted
// program. False if the exception stands, as for atomics, or another was met; `exception` is then the one to
// raise.
bool misaligned_load(struct frame *frame, struct exception *exception);
bool misaligned_store(struct frame *frame, struct exception *exception);
