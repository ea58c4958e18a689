#include "inode.h"

#include "allocate.h"
#include "core.h"

enum { LEVELS = FILES_POINTERS - FILES_DIRECT };

// Data blocks below one pointer of a level; the pointers of level 0 are those to data.
static uint64_t span(uint32_t level) {
  uint64_t blocks = 1;
  while (level-- > 0)
    blocks *= FILES_POINTERS_PER_BLOCK;
  return blocks;
}

uint64_t file_size_limit(void) { return (FILES_DIRECT + span(1) + span(2) + span(3)) * FILES_BLOCK_BYTES; }

static uint32_t inode_block(const struct files *files, uint32_t number) {
  return files->layout.inode_table + number / FILES_INODES_PER_BLOCK;
}

int inode_read_any(struct files *files, uint32_t number, const struct files_inode **inode) {
  const void *block;
  if (number == 0 || number >= files->layout.inodes)
    return -FILES_CORRUPT;
  int error = block_read(files, inode_block(files, number), &block);
  if (error == 0)
    *inode = (const struct files_inode *)block + number % FILES_INODES_PER_BLOCK;
  return error;
}

int inode_write_any(struct files *files, uint32_t number, struct files_inode **inode) {
  void *block;
  if (number == 0 || number >= files->layout.inodes)
    return -FILES_CORRUPT;
  int error = block_write(files, inode_block(files, number), &block);
  if (error == 0)
    *inode = (struct files_inode *)block + number % FILES_INODES_PER_BLOCK;
  return error;
}

static int check_handle(struct files_handle file, const struct files_inode *inode) {
  return inode->mode == 0 || inode->generation != file.generation ? -FILES_STALE : 0;
}

int inode_read(struct files *files, struct files_handle file, const struct files_inode **inode) {
  if (file.inode == 0 || file.inode >= files->layout.inodes)
    return -FILES_STALE;
  int error = inode_read_any(files, file.inode, inode);
  return error != 0 ? error : check_handle(file, *inode);
}

int inode_write(struct files *files, struct files_handle file, struct files_inode **inode) {
  const struct files_inode *old;
  int error = inode_read(files, file, &old);
  return error != 0 ? error : inode_write_any(files, file.inode, inode);
}

// The way from an inode to a block: which of its pointers, and how many blocks of pointers lie between. Makes
// `*index` relative to that pointer. False beyond the largest file.
static bool find_way(uint64_t *index, uint32_t *pointer, uint32_t *level) {
  if (*index < FILES_DIRECT) {
    *pointer = (uint32_t)*index;
    *index = 0;
    *level = 0;
    return true;
  }
  *index -= FILES_DIRECT;
  for (*level = 1; *level <= LEVELS; ++*level) {
    *pointer = FILES_DIRECT + *level - 1;
    if (*index < span(*level))
      return true;
    *index -= span(*level);
  }
  return false;
}

// Goes down to a block as far as there is a way. `*number` 0: there is none, nor for the `*missing` blocks
// from here on.
static int descend(struct files *files, const struct files_inode *inode, uint64_t index, uint32_t *number,
                   uint64_t *missing) {
  uint32_t pointer;
  uint32_t level;
  *number = 0;
  *missing = UINT64_MAX - index;
  if (!find_way(&index, &pointer, &level))
    return 0;
  uint32_t at = inode->pointers[pointer];
  for (; at != 0 && level > 0; level--) {
    const void *pointers;
    int error = is_data_block(files, at) ? block_read(files, at, &pointers) : -FILES_CORRUPT;
    if (error != 0)
      return error;
    at = ((const uint32_t *)pointers)[index / span(level - 1)];
    index %= span(level - 1);
  }
  *number = at;
  *missing = span(level) - index;
  return at == 0 || is_data_block(files, at) ? 0 : -FILES_CORRUPT;
}

int inode_find_block(struct files *files, const struct files_inode *inode, uint64_t index, uint32_t *number) {
  uint64_t missing;
  return descend(files, inode, index, number, &missing);
}

int inode_next_block(struct files *files, const struct files_inode *inode, uint64_t *index,
                     uint32_t *number) {
  for (;;) {
    uint64_t missing;
    int error = descend(files, inode, *index, number, &missing);
    if (error != 0 || *number != 0 || missing == UINT64_MAX - *index)
      return error;
    *index += missing;
  }
}

// Takes a block for the file and sets its pointer.
static int add_block(struct files *files, struct files_inode *inode, uint32_t goal, uint32_t *pointer) {
  uint32_t number;
  void *data;
  int error = block_allocate(files, goal, &number);
  if (error == 0)
    error = block_new(files, number, &data);
  if (error != 0)
    return error;
  *pointer = number;
  inode->blocks++;
  return 0;
}

int inode_extend(struct files *files, struct files_inode *inode, uint64_t index, uint32_t *number,
                 bool *fresh) {
  uint32_t pointer;
  uint32_t level;
  if (!find_way(&index, &pointer, &level))
    return -FILES_TOO_LARGE;
  uint32_t *at = &inode->pointers[pointer];
  uint32_t goal = pointer > 0 && inode->pointers[pointer - 1] != 0 ? inode->pointers[pointer - 1] + 1 : 0;
  for (;; level--) {
    *fresh = *at == 0;
    int error = *fresh ? add_block(files, inode, goal, at) : is_data_block(files, *at) ? 0 : -FILES_CORRUPT;
    if (error != 0 || level == 0) {
      *number = *at;
      return error;
    }
    // Look before changing: mostly the pointer is there.
    uint64_t child = index / span(level - 1);
    const void *old;
    error = block_read(files, *at, &old);
    if (error != 0)
      return error;
    uint32_t below = ((const uint32_t *)old)[child];
    uint32_t beside = child > 0 ? ((const uint32_t *)old)[child - 1] : *at;
    index %= span(level - 1);
    goal = beside != 0 ? beside + 1 : 0;
    if (below != 0 && level == 1) {
      *number = below;
      *fresh = false;
      return is_data_block(files, below) ? 0 : -FILES_CORRUPT;
    }
    void *pointers;
    error = block_write(files, *at, &pointers);
    if (error != 0)
      return error;
    at = (uint32_t *)pointers + child;
  }
}

// Whether this step may free one more block: what that changes has room, and so has all that it reads in the
// cache.
static bool step_has_room(const struct files *files) {
  return transaction_room(files) >= 2 * LEVELS + 2 && files->transaction.pointer_blocks_freed < 16;
}

// Frees what lies below `*pointer` from data block `keep` on, which counts from the first one below it, and
// the block of pointers itself if nothing is left.
static int shrink_tree(struct files *files, struct files_inode *inode, uint32_t *pointer, uint32_t level,
                       uint64_t keep) {
  if (*pointer == 0)
    return 0;
  if (level > 0) {
    void *block;
    int error = is_data_block(files, *pointer) ? block_write(files, *pointer, &block) : -FILES_CORRUPT;
    if (error != 0)
      return error;
    uint32_t *pointers = block;
    uint64_t below = span(level - 1);
    for (uint32_t i = FILES_POINTERS_PER_BLOCK; i-- > 0 && (i + 1) * below > keep;) {
      if (pointers[i] == 0)
        continue;
      if (!step_has_room(files))
        return AGAIN;
      error = shrink_tree(files, inode, &pointers[i], level - 1, keep > i * below ? keep - i * below : 0);
      if (error != 0)
        return error;
    }
    for (uint32_t i = 0; i < FILES_POINTERS_PER_BLOCK; i++) {
      if (pointers[i] != 0)
        return 0;
    }
    files->transaction.pointer_blocks_freed++;
  }
  int error = block_free(files, *pointer);
  if (error != 0)
    return error;
  *pointer = 0;
  inode->blocks--;
  return 0;
}

int inode_shrink(struct files *files, struct files_inode *inode, uint64_t keep) {
  uint64_t start = FILES_DIRECT + span(1) + span(2);
  for (uint32_t level = LEVELS; level > 0; level--) {
    if (keep < start + span(level)) {
      if (!step_has_room(files))
        return AGAIN;
      int error = shrink_tree(files, inode, &inode->pointers[FILES_DIRECT + level - 1], level,
                              keep > start ? keep - start : 0);
      if (error != 0)
        return error;
    }
    start -= span(level - 1);
  }
  for (uint32_t i = FILES_DIRECT; i-- > keep;) {
    if (!step_has_room(files))
      return AGAIN;
    int error = shrink_tree(files, inode, &inode->pointers[i], 0, 0);
    if (error != 0)
      return error;
  }
  return 0;
}

static uint64_t blocks_for(uint64_t bytes) { return (bytes + FILES_BLOCK_BYTES - 1) / FILES_BLOCK_BYTES; }

// What lies behind the end is zero, so that a file that grows grows by zeros.
static int clear_tail(struct files *files, const struct files_inode *inode) {
  uint32_t used = inode->size % FILES_BLOCK_BYTES;
  uint32_t number = 0;
  void *data;
  int error = used > 0 ? inode_find_block(files, inode, inode->size / FILES_BLOCK_BYTES, &number) : 0;
  if (error != 0 || number == 0)
    return error;
  error = block_write(files, number, &data);
  if (error == 0)
    memset((uint8_t *)data + used, 0, FILES_BLOCK_BYTES - used);
  return error;
}

int inode_set_size(struct files *files, uint32_t number, struct files_inode *inode, uint64_t size) {
  bool shrinks = size < inode->size;
  inode->size = size;
  int error = shrinks ? clear_tail(files, inode) : 0;
  if (error == 0 && shrinks)
    error = inode_shrink(files, inode, blocks_for(size));
  if (error != AGAIN)
    return error;
  inode->flags |= FILES_FLAG_TRUNCATING;
  return inode->links > 0 ? orphan_add(files, number, inode) : 0;
}

int inode_settle(struct files *files, struct files_inode *inode) {
  if ((inode->flags & FILES_FLAG_TRUNCATING) == 0)
    return 0;
  int error = inode_shrink(files, inode, blocks_for(inode->size));
  if (error != 0)
    return error;
  inode->flags &= (uint16_t)~FILES_FLAG_TRUNCATING;
  error = inode->links > 0 ? orphan_remove(files, inode) : 0;
  // Whoever goes on has the whole room of a step.
  return error != 0 ? error : AGAIN;
}

int orphan_add(struct files *files, uint32_t number, struct files_inode *inode) {
  struct files_state *state;
  struct files_inode *next;
  int error = state_write(files, &state);
  if (error == 0 && state->first_orphan != 0) {
    error = inode_write_any(files, state->first_orphan, &next);
    if (error == 0)
      next->previous_orphan = number;
  }
  if (error != 0)
    return error;
  inode->next_orphan = state->first_orphan;
  inode->previous_orphan = 0;
  state->first_orphan = number;
  return 0;
}

int orphan_remove(struct files *files, struct files_inode *inode) {
  struct files_state *state;
  struct files_inode *other;
  int error = 0;
  if (inode->previous_orphan != 0) {
    error = inode_write_any(files, inode->previous_orphan, &other);
    if (error == 0)
      other->next_orphan = inode->next_orphan;
  } else {
    error = state_write(files, &state);
    if (error == 0)
      state->first_orphan = inode->next_orphan;
  }
  if (error == 0 && inode->next_orphan != 0) {
    error = inode_write_any(files, inode->next_orphan, &other);
    if (error == 0)
      other->previous_orphan = inode->previous_orphan;
  }
  inode->next_orphan = 0;
  inode->previous_orphan = 0;
  return error;
}

int inode_reclaim(struct files *files, uint32_t number, struct files_inode *inode) {
  inode->size = 0;
  int error = inode_shrink(files, inode, 0);
  if (error == 0)
    error = orphan_remove(files, inode);
  if (error == 0)
    error = inode_free(files, number);
  if (error == 0)
    *inode = (struct files_inode){.generation = inode->generation};
  return error;
}
