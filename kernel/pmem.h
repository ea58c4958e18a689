// Physical memory, page by page. A page may have several owners: memory objects that share it until one of
// them writes.
#pragma once

#include "fdt.h"
#include "layout.h"
#include "types.h"

// Gathers the RAM that nothing occupies: not the firmware, the device tree, the initrd nor the kernel.
void pmem_init(struct fdt_range initrd);

// A zeroed page with one owner, or NULL when memory is out.
void *pmem_allocate(void);

// Likewise, a copy of a page.
void *pmem_allocate_copy(const void *page);

// By the number of the page, physically.
extern uint32_t *pmem_owner_counts;

static inline uint32_t *pmem_owner_count(const void *page) {
  return &pmem_owner_counts[kernel_to_physical(page) / PAGE_SIZE];
}

// Adds an owner.
static inline void pmem_share(void *page) { ++*pmem_owner_count(page); }

// Removes one; a page without owners is free.
void pmem_free(void *page);

// The number of owners.
static inline unsigned pmem_owners(const void *page) { return *pmem_owner_count(page); }

uint64_t pmem_total_bytes(void);
uint64_t pmem_free_bytes(void);

// The `index`th range of RAM. Returns false past the last one.
bool pmem_ram(unsigned index, struct fdt_range *ram);

// Whether all of it is RAM, and so where the kernel can read it.
bool pmem_is_ram(struct fdt_range range);

// Whether none of it is RAM but the initrd's: then a user may be shown it as a device.
bool pmem_is_foreign(struct fdt_range range);
