// What one operation changes. It works on private copies of blocks, which become the blocks of the cache when
// it succeeds and are dropped when it does not; so an operation that lacks something has changed nothing.
#pragma once

#include <stdint.h>

#include "files.h"

enum { TRANSACTION_BLOCKS = 32 }; // most blocks an operation changes in one step

struct private_copy {
  uint32_t number;
  uint8_t *data;
};

struct transaction {
  uint32_t count;
  uint32_t next_free_block; // where the last allocation was: the next one looks from there
  uint32_t next_free_inode;
  uint32_t pointer_blocks_freed; // in this step
  uint32_t advanced;             // bytes of a longer request that this step does
  struct private_copy copies[TRANSACTION_BLOCKS];
  struct files_wait wait;
};

// The three give `*data` or an error; WAIT when the block is not here yet.

// The block as this operation sees it, to be read. What is written later may be another copy.
int block_read(struct files *files, uint32_t number, const void **data);
// The block, to be changed.
int block_write(struct files *files, uint32_t number, void **data);
// A block whose old contents do not matter: all zero.
int block_new(struct files *files, uint32_t number, void **data);

// The operation changed the block but has freed it since.
void block_forget(struct files *files, uint32_t number);

// Has the block brought into the cache, without waiting for it.
void block_prefetch(struct files *files, uint32_t number);

// How many more blocks the operation may change.
uint32_t transaction_room(const struct files *files);

// Makes all changes part of the running transaction; or WAIT, and they are dropped.
int transaction_publish(struct files *files);

// Drops them.
void transaction_abandon(struct files *files);
