// Where things are in the virtual address space (Sv39: 2^38 bytes below, 2^38 bytes above).
//
//   0x0000000000001000   the user's, as user mode wants it
//   USER_TOP             end of what user mode can address
//   KERNEL_OFFSET        all of RAM: virtual = physical + KERNEL_OFFSET. The kernel itself is linked to run
//   here,
//                        at the image of the physical addresses it is loaded to.
#pragma once

#define PAGE_SIZE     4096
#define MEGAPAGE_SIZE 0x200000 // a level 1 leaf of Sv39

#define KERNEL_OFFSET 0xffffffc000000000
#define KERNEL_LOADED 0x80200000 // physical; where SBI firmware jumps to

#define USER_TOP 0x4000000000

#ifndef __ASSEMBLER__

#include "types.h"

// Where the kernel sees the byte at a physical address.
static inline void *physical_to_kernel(physical_address address) { return (void *)(address + KERNEL_OFFSET); }

static inline physical_address kernel_to_physical(const void *pointer) {
  return (physical_address)pointer - KERNEL_OFFSET;
}

static inline uint64_t page_down(uint64_t address) { return address & ~(uint64_t)(PAGE_SIZE - 1); }

static inline uint64_t page_up(uint64_t address) { return page_down(address + PAGE_SIZE - 1); }

#endif
