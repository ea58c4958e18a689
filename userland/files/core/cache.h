// The cache: a fixed number of blocks of the disk. A block that the disk does not have yet stays; of the
// others, the one that was not used for longest goes first.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "files.h"

struct files_block {
  uint32_t number;
  bool loading;
  bool failed;     // could not be read
  bool dirty;      // changed by the transaction that is running
  bool committing; // part of the transaction that is on its way to the disk
  uint8_t *data;
  struct files_block *hash_next;
  struct files_block *newer; // among those that may go, or of one transaction
  struct files_block *older;
  struct files_block *next_committing;
  struct files_transfer transfer;
};

struct cache {
  struct files_block **buckets;
  uint32_t bucket_mask;
  uint32_t evictable; // blocks between oldest and newest
  struct files_block *oldest;
  struct files_block *newest;
};

// Whether nothing holds the block where it is.
static inline bool block_is_evictable(const struct files_block *block) {
  return !block->loading && !block->dirty && !block->committing;
}

// The block, or NULL. Does not count as use.
struct files_block *cache_find(const struct cache *cache, uint32_t number);

// Room for a block that is not there: the oldest one goes. NULL when all are held. The contents are whatever
// they were.
struct files_block *cache_take(struct cache *cache, uint32_t number);

// A block was used.
void cache_touch(struct cache *cache, struct files_block *block);

// To be called before and after what changes whether a block is evictable.
void cache_hold(struct cache *cache, struct files_block *block);
void cache_release(struct cache *cache, struct files_block *block);

// `blocks` of cache, each with its own data and none in use. There are as many buckets as the mask says.
void cache_start(struct cache *cache, struct files_block *blocks, uint32_t count, uint8_t *data,
                 struct files_block **buckets, uint32_t bucket_mask);
