// Physical memory, handed out by the page.
#pragma once

#include "fdt.h"
#include "types.h"

// Finds RAM in the device tree and sets aside what is in use: the firmware, the kernel, the tree, the
// archive.
void pmem_init(struct fdt_range archive);

// The `index`th range of RAM. Returns false past the last one.
bool pmem_ram(unsigned index, struct fdt_range *range);

// A page of zeroes, or NULL when there is none left.
void *pmem_allocate(void);

void pmem_free(void *page);

uint64_t pmem_total_bytes(void);
uint64_t pmem_free_bytes(void);
