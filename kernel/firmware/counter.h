#pragma once
// rdtime on harts without a `time` register.

#include "trap.h"
#include <stdbool.h>

// Executes the instruction that raised illegal instruction if it reads `time` and may. False if the exception
// stands; `exception` is then the one to raise.
bool counter_read(struct frame *frame, struct exception *exception);
