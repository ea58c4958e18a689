// How much memory a process may make the kernel spend. What a process creates is charged to its quota, at the
// bytes it occupies, pages of memory objects included; so no process can exhaust the kernel's memory.
#pragma once

#include "pool.h"
#include "types.h"

struct quota {
  struct quota *parent; // which it was taken from; NULL: the system's own
  uint64_t limit, used; // bytes
  uint64_t references;
  bool closed;
};

// The quota of all memory that is free when the first process starts.
struct quota *quota_root(void);

// A quota of `limit` bytes, taken from the parent's: NULL if the parent has not that much left. One
// reference.
struct quota *quota_create(struct quota *parent, uint64_t limit);

// Objects may outlive their process, and their quota with them. What is left of it goes back to the parent
// with the last reference.
void quota_retain(struct quota *quota);
void quota_release(struct quota *quota);

// The process has ended: what nothing occupies goes back to the parent now, the rest as it becomes free, and
// nothing more can be charged. The caller keeps its reference.
void quota_close(struct quota *quota);

// Returns false, and charges nothing, if there is not that much left.
bool quota_charge(struct quota *quota, uint64_t bytes);
void quota_uncharge(struct quota *quota, uint64_t bytes);

// A zeroed piece of a pool, or a zeroed page, charged to the quota; NULL when that or memory is exhausted.
void *quota_allocate(struct quota *quota, struct pool *pool);
void *quota_allocate_page(struct quota *quota);

// And back.
void quota_free(struct quota *quota, struct pool *pool, void *piece);
void quota_free_page(struct quota *quota, void *page);
