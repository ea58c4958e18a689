// Loads executables: static RISC-V ELF files.
#pragma once

#include "address_space.h"
#include "types.h"

// Adds a region for each loadable segment and fills it. Returns the entry point and the end of the highest
// segment through the pointers, and 0, or an error (ERROR_NOT_EXECUTABLE, ERROR_NO_MEMORY).
int64_t elf_load(struct address_space *space, const uint8_t *image, uint64_t bytes, user_address *entry,
                 user_address *end);
