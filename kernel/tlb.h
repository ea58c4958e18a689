// What TLBs and instruction caches remember: address-space identifiers, and who has to forget what when.
//
// A hart forgets at once what it must not use any more of the address space it is in. Of all others it
// forgets when it comes back to them (`current_harts`).
#pragma once

#include "types.h"

struct address_space;

// Asks this hart how many ASIDs it has, of which at most `most` will be used.
void tlb_init(uint64_t most);
uint64_t tlb_asid_limit(void);

// Makes `space`, which this hart is about to execute in, what satp points at.
void tlb_enter(struct address_space *space);

// After an entry of a page table has been made valid, or its rights grew; with `new_table` a table above it
// was made, too. Other harts may still fault there, once: they then call tlb_refresh.
void tlb_granted(const struct address_space *space, user_address address, bool new_table);

// This hart has faulted where the page table allows the access.
void tlb_refresh(const struct address_space *space);

// After entries in [start, end) have lost rights, before anything relies on that.
void tlb_revoked(struct address_space *space, user_address start, user_address end);

// After a table has been taken out.
void tlb_revoked_table(struct address_space *space);

// After the contents of a page that is about to become executable were written, somewhere.
void tlb_fence_instructions(void);

// How often other harts had to be interrupted for a fence.
uint64_t tlb_shootdowns(void);
