// Paged objects: what the pager knows of a memory object, and which of its pages are in which slots.
#pragma once

#include "lib/handles.h"
#include "swap.h"

struct object {
  uint64_t owner; // session's badge
  handle_t memory;
  uint64_t pages;
  uint64_t chunk_count;
  swap_slot **chunks; // by page: NULL, or CHUNK_PAGES slots
};

// A new object, without memory yet; its number, not 0, is to be the kernel's tag for it. -ENOMEM if there is
// no room.
int64_t object_create(uint64_t owner, uint64_t pages);

// The object of a number, or NULL.
struct object *object_at(uint64_t number);

// Numbers are below this.
uint64_t object_limit(void);

// Where an evicted page is, or SLOT_NONE.
swap_slot object_slot(const struct object *object, uint64_t page);

// Makes sure that object_set_slot for that page succeeds. False if memory is out.
bool object_prepare_slot(struct object *object, uint64_t page);
void object_set_slot(struct object *object, uint64_t page, swap_slot slot);

// Gives `copy` the slots of `object`. False if memory is out.
bool object_copy_slots(const struct object *object, struct object *copy);

// Releases the slots from a page on.
void object_cut(struct object *object, uint64_t first_page);

// Forgets the object with its slots; its memory's handle is deleted.
void object_delete(uint64_t number);
