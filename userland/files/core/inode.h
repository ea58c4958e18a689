// Inodes and their blocks.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "files.h"

enum {
  // Most blocks that taking one more block for a file changes: three of pointers and itself, each perhaps in
  // another
  // block of the bitmap.
  BLOCKS_PER_EXTENSION = 8,
};

// Each answers 0 or an error. An inode that is read is valid until something is written.

// The inode that a handle names, which must be in use and of that generation.
int inode_read(struct files *files, struct files_handle file, const struct files_inode **inode);
int inode_write(struct files *files, struct files_handle file, struct files_inode **inode);

// The inode of a number from the disk, in use or not.
int inode_write_any(struct files *files, uint32_t number, struct files_inode **inode);
int inode_read_any(struct files *files, uint32_t number, const struct files_inode **inode);

// Where block `index` of a file lies; 0: nowhere, and it reads as zeros.
int inode_find_block(struct files *files, const struct files_inode *inode, uint64_t index, uint32_t *number);

// The first block of a file from `*index` on that lies somewhere, and where; 0: there is none.
int inode_next_block(struct files *files, const struct files_inode *inode, uint64_t *index, uint32_t *number);

// Where block `index` lies; if nowhere, a block is taken for it, `*fresh` and zero.
int inode_extend(struct files *files, struct files_inode *inode, uint64_t index, uint32_t *number,
                 bool *fresh);

// Frees blocks from `keep` on, the last ones first. AGAIN when there are more than one step may free.
int inode_shrink(struct files *files, struct files_inode *inode, uint64_t keep);

// Sets the size of a file that is settled. It may leave blocks for `inode_settle`: FILES_FLAG_TRUNCATING says
// so.
int inode_set_size(struct files *files, uint32_t number, struct files_inode *inode, uint64_t size);

// Frees what an earlier change of size has left, before anything else is done to the file's blocks. AGAIN
// until there was nothing to free.
int inode_settle(struct files *files, struct files_inode *inode);

// The orphans: inodes that nothing names, or that have blocks to be freed. They are looked after when
// mounting.
int orphan_add(struct files *files, uint32_t number, struct files_inode *inode);
int orphan_remove(struct files *files, struct files_inode *inode);

// Frees an orphan without a name, with all it has. AGAIN as above.
int inode_reclaim(struct files *files, uint32_t number, struct files_inode *inode);

static inline uint32_t file_type(uint32_t mode) { return mode & FILES_TYPE_MASK; }

// Most bytes of a file.
uint64_t file_size_limit(void);
