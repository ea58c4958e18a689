// Free blocks and free inodes: bitmaps, and the counts in the state.
#pragma once

#include <stdint.h>

#include "files.h"

// Each answers 0 or an error.

// Takes a free block, near `goal` if that is not 0.
int block_allocate(struct files *files, uint32_t goal, uint32_t *number);
int block_free(struct files *files, uint32_t number);

// Takes a free inode's number; the inode itself is as its last user left it.
int inode_allocate(struct files *files, uint32_t *number);
int inode_free(struct files *files, uint32_t number);

// The state, to be changed.
int state_write(struct files *files, struct files_state **state);

// Whether a file's data may lie there.
bool is_data_block(const struct files *files, uint32_t number);
