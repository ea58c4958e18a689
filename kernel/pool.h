// Pieces of one size, cut from pages; a page with no piece in use is given back.
#pragma once

#include "types.h"

struct pool {
  uint32_t bytes;          // of a piece; a multiple of 16
  uint64_t in_use;         // pieces
  struct pool_page *pages; // with pieces that are free
};

#define POOL(size)                                                                                           \
  { .bytes = ((size) + 15) / 16 * 16 }

// A zeroed piece, or NULL when memory is out.
void *pool_allocate(struct pool *pool);
void pool_free(struct pool *pool, void *piece);
