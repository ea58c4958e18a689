// Names in directories.
#pragma once

#include <stdint.h>

#include "files.h"

struct found_entry {
  uint32_t block;  // where it lies
  uint32_t offset; // in the block
  uint32_t inode;
  uint8_t type;
};

// Each answers 0 or an error.

// Whether `name` can be a name of its own in a directory.
int name_check(const char *name, uint32_t bytes);

// Finds a name, which is neither . nor ..; FILES_NOT_FOUND.
int entry_find(struct files *files, const struct files_inode *directory, const char *name, uint32_t bytes,
               struct found_entry *found);

// Adds a name that is not there.
int entry_add(struct files *files, struct files_inode *directory, const char *name, uint32_t bytes,
              uint32_t inode, uint8_t type);

// Has an entry name another inode.
int entry_replace(struct files *files, const struct found_entry *found, uint32_t inode, uint8_t type);

int entry_remove(struct files *files, struct files_inode *directory, const struct found_entry *found);

// Writes names from `*position` on into `list`, which has room for `room` bytes. 0 at the end: `*bytes` is 0
// then.
int entry_list(struct files *files, struct files_handle file, const struct files_inode *directory,
               uint64_t *position, uint8_t *list, uint32_t room, uint32_t *bytes);

// For the checker as well.

uint32_t name_hash(const char *name, uint32_t bytes);

// The file block where a name with this hash may lie, on a level.
uint64_t directory_block(uint32_t hash, uint32_t level);

// Whether the bytes at `offset` of a directory's block are a sound entry.
bool entry_is_sound(const uint8_t *block, uint32_t offset);
