// The address space of this process: mappings at addresses of the library's choice. Any thread may call.
#pragma once

#include "lib/handles.h"

// Maps pages of a memory object, with an unmapped page on both sides. Returns the address, or a negative
// error.
int64_t space_map(handle_t memory, uint64_t first_page, uint64_t pages, uint32_t rights);

// Undoes a space_map of that many pages.
void space_unmap(void *address, uint64_t pages);

// Chooses room for that many pages without mapping anything there; space_unmap gives it back. Returns the
// address, or -ENOMEM.
int64_t space_reserve(uint64_t pages);
