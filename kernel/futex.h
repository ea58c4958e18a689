// Waiting for a word of memory to change.
#pragma once

#include "thread.h"

// Both return what the calls do (abi/call.h).
int64_t futex_wait(struct thread *thread, uint64_t address, uint32_t expected, uint64_t deadline);
int64_t futex_wake(struct thread *thread, uint64_t address, uint64_t most);
