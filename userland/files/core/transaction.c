#include "core.h"

static int wait_for_block(struct files *files, struct files_block *block) {
  files->transaction.wait =
      (struct files_wait){.kind = FILES_WAIT_BLOCK, .block = block, .until = block->number};
  return WAIT;
}

static int wait_for_progress(struct files *files) {
  files->transaction.wait = (struct files_wait){.kind = FILES_WAIT_PROGRESS, .until = files->progress};
  return WAIT;
}

static struct private_copy *find_copy(struct files *files, uint32_t number) {
  struct transaction *transaction = &files->transaction;
  for (uint32_t i = 0; i < transaction->count; i++) {
    if (transaction->copies[i].number == number)
      return &transaction->copies[i];
  }
  return NULL;
}

// The block in the cache, which begins to load if it is not there. NULL when there is no room for it now.
static struct files_block *load(struct files *files, uint32_t number) {
  struct files_block *block = cache_find(&files->cache, number);
  if (block != NULL)
    return block;
  block = cache_take(&files->cache, number);
  if (block == NULL)
    return NULL;
  cache_hold(&files->cache, block);
  block->loading = true;
  block->transfer = (struct files_transfer){
      .kind = FILES_TRANSFER_READ, .block = number, .count = 1, .data = block->data, .loads = block};
  transfer_begin(files, &block->transfer);
  return block;
}

void block_prefetch(struct files *files, uint32_t number) { (void)load(files, number); }

int block_read(struct files *files, uint32_t number, const void **data) {
  const struct private_copy *copy = find_copy(files, number);
  if (copy != NULL) {
    *data = copy->data;
    return 0;
  }
  struct files_block *block = load(files, number);
  if (block == NULL) {
    files_commit(files);
    return wait_for_progress(files);
  }
  if (block->loading)
    return wait_for_block(files, block);
  if (block->failed)
    return -FILES_IO_ERROR;
  cache_touch(&files->cache, block);
  *data = block->data;
  return 0;
}

// Adds a copy. Its contents are not set.
static int add_copy(struct files *files, uint32_t number, void **data) {
  struct transaction *transaction = &files->transaction;
  // No operation on a sound disk comes here; of an unsound one this is the bound.
  if (transaction->count == TRANSACTION_BLOCKS)
    return -FILES_CORRUPT;
  struct private_copy *copy = &transaction->copies[transaction->count++];
  copy->number = number;
  *data = copy->data;
  return 0;
}

int block_write(struct files *files, uint32_t number, void **data) {
  const struct private_copy *copy = find_copy(files, number);
  if (copy != NULL) {
    *data = copy->data;
    return 0;
  }
  const void *old;
  int error = block_read(files, number, &old);
  if (error == 0)
    error = add_copy(files, number, data);
  if (error == 0)
    memcpy(*data, old, FILES_BLOCK_BYTES);
  return error;
}

int block_new(struct files *files, uint32_t number, void **data) {
  const struct private_copy *copy = find_copy(files, number);
  if (copy != NULL) {
    *data = copy->data;
  } else {
    // The device must not write into what becomes a block of the cache.
    struct files_block *block = cache_find(&files->cache, number);
    if (block != NULL && block->loading)
      return wait_for_block(files, block);
    int error = add_copy(files, number, data);
    if (error != 0)
      return error;
  }
  memset(*data, 0, FILES_BLOCK_BYTES);
  return 0;
}

void block_forget(struct files *files, uint32_t number) {
  struct transaction *transaction = &files->transaction;
  struct private_copy *copy = find_copy(files, number);
  if (copy == NULL)
    return;
  struct private_copy *last = &transaction->copies[--transaction->count];
  struct private_copy dropped = *copy;
  *copy = *last;
  *last = dropped;
}

uint32_t transaction_room(const struct files *files) { return TRANSACTION_BLOCKS - files->transaction.count; }

// Whether the cache and the running transaction have room for all copies.
static bool has_room(struct files *files) {
  const struct transaction *transaction = &files->transaction;
  uint32_t evictable = files->cache.evictable;
  uint32_t not_cached = 0;
  uint32_t joining = 0;
  for (uint32_t i = 0; i < transaction->count; i++) {
    const struct files_block *block = cache_find(&files->cache, transaction->copies[i].number);
    not_cached += block == NULL;
    joining += block == NULL || !block->dirty;
    evictable -= block != NULL && block_is_evictable(block);
  }
  return not_cached <= evictable && journal_has_room(&files->journal, joining);
}

int transaction_publish(struct files *files) {
  struct transaction *transaction = &files->transaction;
  if (transaction->count > 0 && files->failure != 0) {
    transaction_abandon(files);
    return files->failure;
  }
  if (!has_room(files)) {
    files_commit(files);
    transaction_abandon(files);
    return wait_for_progress(files);
  }
  // First those that are in the cache, lest they make room for the others.
  struct files_block *blocks[TRANSACTION_BLOCKS];
  for (uint32_t i = 0; i < transaction->count; i++) {
    blocks[i] = cache_find(&files->cache, transaction->copies[i].number);
    if (blocks[i] != NULL)
      journal_add(files, blocks[i]);
  }
  for (uint32_t i = 0; i < transaction->count; i++) {
    struct private_copy *copy = &transaction->copies[i];
    if (blocks[i] == NULL) {
      blocks[i] = cache_take(&files->cache, copy->number);
      journal_add(files, blocks[i]);
    }
    uint8_t *old = blocks[i]->data;
    blocks[i]->data = copy->data;
    blocks[i]->failed = false;
    copy->data = old;
  }
  transaction_abandon(files);
  return 0;
}

void transaction_abandon(struct files *files) {
  files->transaction.count = 0;
  files->transaction.pointer_blocks_freed = 0;
  files->transaction.advanced = 0;
}
