#include "pool.h"
#include "layout.h"
#include "pmem.h"
#include "string.h"

struct free_piece {
  struct free_piece *next;
};

// At the start of each page, which it and the pieces fill.
struct pool_page {
  struct pool_page *next, *previous; // in the pool's list, while a piece is free
  struct free_piece *free;           // pieces that have been used before
  uint32_t in_use;
  uint32_t fresh; // offset of the first piece that never was: it needs no clearing
};

#define FIRST_PIECE ((sizeof(struct pool_page) + 15) / 16 * 16)

static void link_page(struct pool *pool, struct pool_page *page) {
  page->previous = NULL;
  page->next = pool->pages;
  if (page->next != NULL)
    page->next->previous = page;
  pool->pages = page;
}

static void unlink_page(struct pool *pool, struct pool_page *page) {
  if (page->previous != NULL)
    page->previous->next = page->next;
  else
    pool->pages = page->next;
  if (page->next != NULL)
    page->next->previous = page->previous;
}

static bool is_full(const struct pool *pool, const struct pool_page *page) {
  return page->free == NULL && page->fresh + pool->bytes > PAGE_SIZE;
}

void *pool_allocate(struct pool *pool) {
  struct pool_page *page = pool->pages;
  if (page == NULL) {
    page = pmem_allocate();
    if (page == NULL)
      return NULL;
    page->fresh = FIRST_PIECE;
    link_page(pool, page);
  }
  void *piece = page->free;
  if (piece != NULL) {
    page->free = page->free->next;
    memset(piece, 0, pool->bytes);
  } else {
    piece = (uint8_t *)page + page->fresh;
    page->fresh += pool->bytes;
  }
  page->in_use++;
  pool->in_use++;
  if (is_full(pool, page))
    unlink_page(pool, page);
  return piece;
}

void pool_free(struct pool *pool, void *piece) {
  struct pool_page *page = (struct pool_page *)page_down((uint64_t)piece);
  bool was_full = is_full(pool, page);
  pool->in_use--;
  if (--page->in_use == 0) {
    if (!was_full)
      unlink_page(pool, page);
    pmem_free(page);
    return;
  }
  struct free_piece *free = piece;
  free->next = page->free;
  page->free = free;
  if (was_full)
    link_page(pool, page);
}
