#pragma once
// From reset to the supervisor.

#include <stdint.h>

// Called by entry.S on every hart, with what the loader passed in a1 and a2.
_Noreturn void boot(uint64_t hart, uint64_t tree, uint64_t dynamic_info);
