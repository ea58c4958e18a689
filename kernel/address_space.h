// What a process can address: regions with permissions, whose pages come into being when they are first
// touched.
#pragma once

#include "types.h"
#include "vm.h"

#define MAX_REGIONS 12

// Addresses [start, end), both on page boundaries.
struct region {
  user_address start, end;
  uint64_t permissions; // VM_READ, VM_WRITE, VM_EXECUTE
};

struct address_space {
  page_table_entry *root;
  struct region regions[MAX_REGIONS];
  unsigned region_count;
  struct region *heap;
  user_address heap_break; // where the heap ends, to the byte
  uint64_t pages;          // mapped for the user
  uint64_t asid;
  uint64_t asid_generation; // in which `asid` was handed out; it means nothing in a later one
  // Harts, by index, whose TLB may disagree with the page table under this ASID: they flush before they use
  // it.
  uint64_t stale_harts;
};

enum fault {
  FAULT_RESOLVED,
  FAULT_NO_REGION,
  FAULT_PROTECTION,
  FAULT_NO_MEMORY,
};

// Asks this hart how many ASIDs it has.
void address_space_init(void);

// The number of ASIDs that can be told apart, not counting the kernel's own.
uint64_t address_space_asid_limit(void);

// Makes `space` empty. Returns false when memory is out.
bool address_space_create(struct address_space *space);

// Frees everything. No hart may be in it.
void address_space_destroy(struct address_space *space);

// Adds a region. Returns false if it is no proper range of user addresses, touches another region, is both
// writable and executable, or is one too many.
bool address_space_add(struct address_space *space, struct region region);

// Turns this hart to `space`; NULL is the kernel's own.
void address_space_activate(struct address_space *space);

// Makes the page at `address` present if `access` (one VM_ permission) is allowed there.
enum fault address_space_fault(struct address_space *space, user_address address, uint64_t access);

// Moves the end of the heap; the pages behind it go. Returns false if it cannot be there.
bool address_space_move_break(struct address_space *space, int64_t bytes);

// Copy between kernel and user memory. Return false, having perhaps copied a part, if the user could not have
// made the access itself.
bool address_space_copy_out(struct address_space *space, user_address to, const void *from, uint64_t bytes);
bool address_space_copy_in(struct address_space *space, void *to, user_address from, uint64_t bytes);

// Whether the user could make such an access to every byte of the buffer.
bool address_space_permits(struct address_space *space, user_address start, uint64_t bytes, uint64_t access);

// Copies a string with its terminator. Returns its length, ERROR_BAD_ADDRESS, or ERROR_TOO_MANY if it does
// not fit.
int64_t address_space_copy_string(struct address_space *space, char *to, user_address from, uint64_t bytes);

// Fills pages of a new address space whatever their permissions are. Returns false when memory is out.
bool address_space_load(struct address_space *space, user_address to, const void *from, uint64_t bytes);
