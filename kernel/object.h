// What all kernel objects have in common: a type, a count of references, and the quota they are charged to.
#pragma once

#include "abi/call.h"
#include "quota.h"
#include "types.h"

// The first member of every object.
struct object {
  uint32_t type; // enum object_type
  uint32_t references;
  struct quota *quota;
};

// A zeroed object of a type with one reference, charged to the quota; NULL when that or memory is exhausted.
void *object_create(enum object_type type, struct quota *quota);

static inline void object_retain(struct object *object) { object->references++; }

// Gives up a reference; with the last one the object goes.
void object_release(struct object *object);

// The number of objects of a type there are.
uint64_t object_count(enum object_type type);
