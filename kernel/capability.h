// Capabilities: what a process may touch, and how. Each process has a table of them; a handle is a place in
// it. Every capability knows what it was derived from, so that it can be revoked.
#pragma once

#define CAPABILITY_OBJECT 0 // offsets for fastpath.S
#define CAPABILITY_BADGE  8
#define CAPABILITY_RIGHTS 56 // and the type in the upper half of the word
#define CAPABILITY_SHIFT  6  // of the size
#define TABLE_PAGES       0
#define TABLE_PLACES      24

#ifndef __ASSEMBLER__

#include "object.h"
#include "types.h"

struct capability {
  struct object *object; // NULL: the place is free
  uint64_t badge;
  struct capability *parent, *first_child, *next_sibling,
      *previous_sibling; // next_sibling also links free places
  struct capability_table *table;
  uint16_t rights; // RIGHT_*
  uint16_t type;   // enum object_type, of the object
  uint32_t handle;
};

struct capability_table {
  struct capability **pages; // of 64 places each; NULL: there are none
  struct capability *free;
  struct quota *quota;
  uint32_t places; // in all pages
  uint32_t count;  // that are taken
};

#define CAPABILITIES_PER_PAGE 64 // one page of memory

_Static_assert(sizeof(struct capability) == PAGE_BYTES / CAPABILITIES_PER_PAGE, "a page of them");
_Static_assert(sizeof(struct capability) == 1 << CAPABILITY_SHIFT, "fastpath.S");
_Static_assert(offsetof(struct capability, object) == CAPABILITY_OBJECT, "fastpath.S");
_Static_assert(offsetof(struct capability, badge) == CAPABILITY_BADGE, "fastpath.S");
_Static_assert(offsetof(struct capability, rights) == CAPABILITY_RIGHTS, "fastpath.S");
_Static_assert(offsetof(struct capability, type) == CAPABILITY_RIGHTS + 2, "fastpath.S");
_Static_assert(offsetof(struct capability_table, pages) == TABLE_PAGES, "fastpath.S");
_Static_assert(offsetof(struct capability_table, places) == TABLE_PLACES, "fastpath.S");

// The capability a handle names, or NULL.
static inline struct capability *capability_at(const struct capability_table *table, uint64_t handle) {
  if (handle >= table->places)
    return NULL;
  struct capability *capability =
      &table->pages[handle / CAPABILITIES_PER_PAGE][handle % CAPABILITIES_PER_PAGE];
  return capability->object == NULL ? NULL : capability;
}

// The same if it has the type and all of the rights; otherwise NULL.
static inline struct capability *capability_find(const struct capability_table *table, uint64_t handle,
                                                 enum object_type type, uint32_t rights) {
  struct capability *capability = capability_at(table, handle);
  bool suits = capability != NULL && capability->type == type && (capability->rights & rights) == rights;
  return suits ? capability : NULL;
}

// A capability to an object in a place of the table that was free, derived from `parent` if that is not NULL.
// The object is retained. NULL when the table, its quota or memory is exhausted.
struct capability *capability_add(struct capability_table *table, struct object *object, uint32_t rights,
                                  uint64_t badge, struct capability *parent);

// Frees the place. What was derived from the capability counts as derived from its parent then.
void capability_delete(struct capability *capability);

// Deletes up to `most` capabilities that were derived from this one. Returns whether none is left.
bool capability_revoke(struct capability *capability, unsigned most);

// Deletes all, and frees the table.
void capability_delete_all(struct capability_table *table);

// The number there are in all tables.
uint64_t capability_count(void);

#endif
