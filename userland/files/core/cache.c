#include "cache.h"

#include "bytes.h"

enum { NO_BLOCK = UINT32_MAX };

static struct files_block **bucket_of(const struct cache *cache, uint32_t number) {
  return &cache->buckets[(number * 0x9e3779b1u >> 12) & cache->bucket_mask];
}

struct files_block *cache_find(const struct cache *cache, uint32_t number) {
  struct files_block *block = *bucket_of(cache, number);
  while (block != NULL && block->number != number)
    block = block->hash_next;
  return block;
}

static void append(struct cache *cache, struct files_block *block) {
  block->newer = NULL;
  block->older = cache->newest;
  *(cache->newest != NULL ? &cache->newest->newer : &cache->oldest) = block;
  cache->newest = block;
  cache->evictable++;
}

static void unlink_block(struct cache *cache, struct files_block *block) {
  *(block->older != NULL ? &block->older->newer : &cache->oldest) = block->newer;
  *(block->newer != NULL ? &block->newer->older : &cache->newest) = block->older;
  cache->evictable--;
}

static void forget(struct cache *cache, struct files_block *block) {
  if (block->number == NO_BLOCK)
    return;
  struct files_block **link = bucket_of(cache, block->number);
  while (*link != block)
    link = &(*link)->hash_next;
  *link = block->hash_next;
}

struct files_block *cache_take(struct cache *cache, uint32_t number) {
  struct files_block *block = cache->oldest;
  if (block == NULL)
    return NULL;
  forget(cache, block);
  struct files_block **bucket = bucket_of(cache, number);
  block->number = number;
  block->failed = false;
  block->hash_next = *bucket;
  *bucket = block;
  cache_touch(cache, block);
  return block;
}

void cache_touch(struct cache *cache, struct files_block *block) {
  if (!block_is_evictable(block) || block == cache->newest)
    return;
  unlink_block(cache, block);
  append(cache, block);
}

void cache_hold(struct cache *cache, struct files_block *block) {
  if (block_is_evictable(block))
    unlink_block(cache, block);
}

void cache_release(struct cache *cache, struct files_block *block) {
  if (block_is_evictable(block))
    append(cache, block);
}

void cache_start(struct cache *cache, struct files_block *blocks, uint32_t count, uint8_t *data,
                 struct files_block **buckets, uint32_t bucket_mask) {
  *cache = (struct cache){.buckets = buckets, .bucket_mask = bucket_mask};
  for (uint32_t i = 0; i < count; i++) {
    blocks[i] = (struct files_block){.number = NO_BLOCK, .data = data + (size_t)i * FILES_BLOCK_BYTES};
    append(cache, &blocks[i]);
  }
}
