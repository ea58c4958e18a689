// Sv39 page tables: the kernel's own, and the mechanics of all others.
#pragma once

#include "layout.h"
#include "types.h"

typedef uint64_t page_table_entry;

// Permissions, in the places they have in a page-table entry.
#define VM_READ    (1ul << 1)
#define VM_WRITE   (1ul << 2)
#define VM_EXECUTE (1ul << 3)
#define VM_USER    (1ul << 4)

// Builds the kernel's page table and turns this hart to it.
void vm_init(void);

// Turns this hart from the boot page table to the kernel's.
void vm_enter_kernel_table(void);

// The kernel's root table: nothing in the user half.
page_table_entry *vm_kernel_table(void);

// Maps a device's registers and returns where they are. Only before the first `vm_create_table`: a table made
// earlier might lack the root entry.
volatile void *vm_map_device(physical_address address, uint64_t bytes);

// A root table with the kernel's half filled in and the user's empty, or NULL when memory is out.
page_table_entry *vm_create_table(void);

// Frees the user half of a table: its pages, its lower tables, and the root.
void vm_destroy_table(page_table_entry *root);

// The entry for a user page, or NULL when there is no table for it yet; `create` makes the tables on the way,
// and NULL then means that memory is out.
page_table_entry *vm_user_entry(page_table_entry *root, user_address address, bool create);

// An entry that maps a page with permissions.
page_table_entry vm_make_entry(physical_address page, uint64_t permissions);

bool vm_is_valid(page_table_entry entry);
void *vm_entry_page(page_table_entry entry);

// The value of satp for a root table and an ASID.
uint64_t vm_satp(const page_table_entry *root, uint64_t asid);
