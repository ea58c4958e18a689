#include "object.h"
#include "lib/kernel.h"
#include <stdlib.h>
#include <string.h>

#define CHUNK_PAGES 512ul

#define MOST_OBJECTS (1ul << 20)

static struct object **objects; // by number; 0 is none
static uint64_t room, limit = 1;
static uint64_t first_maybe_free = 1;

static int64_t find_number(void) {
  while (first_maybe_free < limit && objects[first_maybe_free] != NULL)
    first_maybe_free++;
  if (first_maybe_free < limit)
    return (int64_t)first_maybe_free;
  if (limit < room)
    return (int64_t)limit++;
  uint64_t more = room == 0 ? 64 : room * 2;
  struct object **grown = more > MOST_OBJECTS ? NULL : realloc(objects, more * sizeof *objects);
  if (grown == NULL)
    return -ENOMEM;
  memset(grown + room, 0, (more - room) * sizeof *grown);
  objects = grown;
  room = more;
  return (int64_t)limit++;
}

int64_t object_create(uint64_t owner, uint64_t pages) {
  struct object *object = calloc(1, sizeof *object);
  int64_t number = object == NULL ? -ENOMEM : find_number();
  if (number < 0) {
    free(object);
    return number;
  }
  *object = (struct object){.owner = owner, .pages = pages};
  objects[number] = object;
  return number;
}

struct object *object_at(uint64_t number) {
  return number < limit && objects != NULL ? objects[number] : NULL;
}

uint64_t object_limit(void) { return limit; }

static swap_slot *chunk_of(const struct object *object, uint64_t page) {
  return page / CHUNK_PAGES < object->chunk_count ? object->chunks[page / CHUNK_PAGES] : NULL;
}

swap_slot object_slot(const struct object *object, uint64_t page) {
  const swap_slot *chunk = chunk_of(object, page);
  return chunk == NULL ? SLOT_NONE : chunk[page % CHUNK_PAGES];
}

bool object_prepare_slot(struct object *object, uint64_t page) {
  uint64_t index = page / CHUNK_PAGES;
  if (index >= object->chunk_count) {
    swap_slot **chunks = realloc(object->chunks, (index + 1) * sizeof *chunks);
    if (chunks == NULL)
      return false;
    memset(chunks + object->chunk_count, 0, (index + 1 - object->chunk_count) * sizeof *chunks);
    object->chunks = chunks;
    object->chunk_count = index + 1;
  }
  if (object->chunks[index] == NULL)
    object->chunks[index] = calloc(CHUNK_PAGES, sizeof(swap_slot));
  return object->chunks[index] != NULL;
}

void object_set_slot(struct object *object, uint64_t page, swap_slot slot) {
  swap_slot *chunk = chunk_of(object, page);
  if (chunk != NULL)
    chunk[page % CHUNK_PAGES] = slot;
}

bool object_copy_slots(const struct object *object, struct object *copy) {
  for (uint64_t index = 0; index < object->chunk_count; index++) {
    if (object->chunks[index] == NULL)
      continue;
    if (!object_prepare_slot(copy, index * CHUNK_PAGES))
      return false;
    memcpy(copy->chunks[index], object->chunks[index], CHUNK_PAGES * sizeof(swap_slot));
    for (uint64_t i = 0; i < CHUNK_PAGES; i++) {
      if (copy->chunks[index][i] != SLOT_NONE)
        swap_retain(copy->chunks[index][i]);
    }
  }
  return true;
}

void object_cut(struct object *object, uint64_t first_page) {
  for (uint64_t index = first_page / CHUNK_PAGES; index < object->chunk_count; index++) {
    swap_slot *chunk = object->chunks[index];
    uint64_t start = index * CHUNK_PAGES;
    uint64_t first = first_page > start ? first_page - start : 0;
    for (uint64_t i = first; chunk != NULL && i < CHUNK_PAGES; i++) {
      if (chunk[i] != SLOT_NONE)
        swap_release(chunk[i]);
      chunk[i] = SLOT_NONE;
    }
    if (first == 0) {
      free(chunk);
      object->chunks[index] = NULL;
    }
  }
}

void object_delete(uint64_t number) {
  struct object *object = objects[number];
  object_cut(object, 0);
  kernel_delete(object->memory);
  free(object->chunks);
  free(object);
  objects[number] = NULL;
  if (number < first_maybe_free)
    first_maybe_free = number;
}
