// Sv39 page tables: the kernel's own, and the mechanics of all others.
#pragma once

#include "layout.h"
#include "quota.h"
#include "types.h"

typedef uint64_t page_table_entry;

// Bits of an entry (privileged specification 1.12, 4.3.1).
#define VM_VALID    (1ul << 0)
#define VM_READ     (1ul << 1)
#define VM_WRITE    (1ul << 2)
#define VM_EXECUTE  (1ul << 3)
#define VM_USER     (1ul << 4)
#define VM_GLOBAL   (1ul << 5)
#define VM_ACCESSED (1ul << 6)
#define VM_DIRTY    (1ul << 7)
#define VM_LEAF     (VM_READ | VM_WRITE | VM_EXECUTE) // with none of these an entry points at a lower table

// Builds the kernel's page table and turns this hart to it.
void vm_init(void);

// Turns this hart from the boot page table to the kernel's.
void vm_enter_kernel_table(void);

// The kernel's root table: nothing in the user half.
page_table_entry *vm_kernel_table(void);

// Maps a device's registers and returns where they are. Only before the first `vm_create_table`: a table made
// earlier might lack the root entry.
volatile void *vm_map_device(physical_address address, uint64_t bytes);

// A root table with the kernel's half filled in and the user's empty, or NULL when memory is out. Tables are
// charged to the quota.
page_table_entry *vm_create_table(struct quota *quota);

// Frees a root table and all lower tables of the user half; no hart may walk them any more.
void vm_destroy_table(page_table_entry *root, struct quota *quota);

// The entry for a user page, or NULL when there is no table for it.
page_table_entry *vm_user_entry(page_table_entry *root, user_address address);

// Likewise, but makes the tables on the way. NULL: memory or the quota is exhausted.
page_table_entry *vm_make_user_entry(page_table_entry *root, user_address address, struct quota *quota);

// The first valid entry for a page from *address on and before `end`, and sets *address to that page's; NULL
// if there is none. Skips quickly what has no tables.
page_table_entry *vm_find_user_entry(page_table_entry *root, user_address *address, user_address end);

// Likewise, given the entry for the page before *address, or NULL.
static inline page_table_entry *vm_next_user_entry(page_table_entry *root, page_table_entry *before,
                                                   user_address *address, user_address end) {
  bool is_neighbour = before != NULL && *address % MEGAPAGE_SIZE != 0 && *address < end;
  return is_neighbour && (before[1] & VM_VALID) != 0 ? before + 1 : vm_find_user_entry(root, address, end);
}

// Takes out the lowest-level tables that serve nothing but [start, end), where no entry may be valid. Returns
// a list for vm_free_tables, which may follow once no hart walks them; NULL if there are none.
struct vm_table_list *vm_detach_tables(page_table_entry *root, user_address start, user_address end);
void vm_free_tables(struct vm_table_list *tables, struct quota *quota);

// An entry that maps a page.
static inline page_table_entry vm_leaf_entry(physical_address page, uint64_t bits) {
  return page >> 12 << 10 | bits;
}

static inline physical_address vm_entry_physical(page_table_entry entry) { return entry >> 10 << 12; }

// The value of satp for a root table and an ASID.
uint64_t vm_satp(const page_table_entry *root, uint64_t asid);
