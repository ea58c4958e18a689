// What a process can address: regions, each a piece of a memory object with rights; and the page table that
// holds those of their pages that have been touched.
#pragma once

#include "hart.h"
#include "memory.h"
#include "riscv.h"
#include "tlb.h"
#include "types.h"
#include "vm.h"

// Addresses [start, end), both on page boundaries, show the object's pages from `first_page` on.
struct region {
  user_address start, end;
  uint64_t rights;  // MAP_*
  uint64_t allowed; // those it may be given later
  struct memory *memory;
  uint64_t first_page;
  struct address_space *space;
  struct region *next;                                // by address
  struct region *next_of_memory, *previous_of_memory; // of the same memory object
};

struct address_space {
  uint64_t satp;          // root and ASID
  uint64_t current_harts; // whose TLBs agree with the page table: they may turn to it by writing satp alone
  page_table_entry *root;
  struct region *regions;
  struct region *last_found; // where the last search ended: the next one often ends there too
  struct quota *quota;       // regions and page tables are charged to it
  uint64_t resident;         // user pages in the page table
  uint64_t asid_generation;  // in which its ASID was handed out; it means nothing in a later one
};

// Makes `space` empty; charges its root. Returns false when memory or the quota is exhausted.
bool address_space_create(struct address_space *space, struct quota *quota);

// Unmaps everything and frees the page table. No hart but this one may be in it.
void address_space_destroy(struct address_space *space);

// Turns this hart to `space`; NULL is the kernel's own.
void address_space_activate(struct address_space *space);

// Each returns 0 or a negative error and changes nothing then: EINVAL for addresses that are not on page
// boundaries or not the user's, for no rights, for rights to write without reading or with executing; ENOMEM.

// Further: EBUSY if a region is in the way. `allowed` are all the rights that the region may ever have: what
// the capability for the memory gives. Pages beyond the object's size may be mapped, but not touched.
int64_t address_space_map(struct address_space *space, struct memory *memory, user_address address,
                          uint64_t first_page, uint64_t pages, uint64_t rights, uint64_t allowed);

// Also where nothing is mapped.
int64_t address_space_unmap(struct address_space *space, user_address address, uint64_t pages);

// Further: EFAULT if something there is not mapped, EPERM if a right is not allowed.
int64_t address_space_protect(struct address_space *space, user_address address, uint64_t pages,
                              uint64_t rights);

// The region an address lies in, or NULL.
struct region *address_space_find(struct address_space *space, user_address address);

// Makes an access (one of MAP_*) possible, if it is allowed: after a page fault, and for the kernel's own
// copying. Makes the page-table entry.
enum page_outcome address_space_touch(struct address_space *space, user_address address, uint64_t access,
                                      struct page_request *request);

// Copy between kernel and user memory. PAGE_PRESENT: all is copied. Otherwise a part may be.
enum page_outcome address_space_copy_out(struct address_space *space, user_address to, const void *from,
                                         uint64_t bytes, struct page_request *request);
enum page_outcome address_space_copy_in(struct address_space *space, void *to, user_address from,
                                        uint64_t bytes, struct page_request *request);

// Copies from one space to another. Sets *copied also when the outcome is not PAGE_PRESENT.
enum page_outcome address_space_copy(struct address_space *from, user_address source,
                                     struct address_space *to, user_address target, uint64_t bytes,
                                     uint64_t *copied, struct page_request *request);

// The kernel's own address of `bytes` bytes of wired memory that the user may write, which must lie in one
// page, and that memory; NULL if it is no such place.
void *address_space_wired(struct address_space *space, user_address address, uint64_t bytes,
                          struct memory **memory);

// For memory.c: the object's pages [first, end) are about to leave, or, with `keep_readable`, to be shared:
// takes them out of the page tables of every region that shows them, or makes them unwritable there, and
// flushes the TLBs that may hold them.
void regions_of_memory_withdraw(struct memory *memory, uint64_t first, uint64_t end, bool keep_readable);

// For memory_scan: adds what page tables know of the pages described by `info`, which are in order, and
// clears their accessed bits.
void regions_of_memory_scan(struct memory *memory, struct page_info *info, uint64_t count);
