#include "allocate.h"

#include "core.h"

enum { BITS_PER_BLOCK = FILES_BLOCK_BYTES * 8, STATE_BLOCK = 1, WORDS = FILES_BLOCK_BYTES / 8 };

// One of the two bitmaps.
struct bitmap {
  uint32_t start; // its first block
  uint32_t bits;
};

static struct bitmap block_bitmap(const struct files *files) {
  return (struct bitmap){.start = files->layout.block_bitmap, .bits = files->layout.blocks};
}

static struct bitmap inode_bitmap(const struct files *files) {
  return (struct bitmap){.start = files->layout.inode_bitmap, .bits = files->layout.inodes};
}

int state_write(struct files *files, struct files_state **state) {
  void *data;
  int error = block_write(files, STATE_BLOCK, &data);
  *state = data;
  return error;
}

bool is_data_block(const struct files *files, uint32_t number) {
  return number >= files->layout.data && number < files->layout.blocks;
}

// The first clear bit of a bitmap's block, from bit `from` on; BITS_PER_BLOCK if there is none.
static uint32_t find_clear(const uint64_t *words, uint32_t from) {
  for (uint32_t word = from / 64; word < WORDS; word++) {
    uint64_t clear = ~words[word];
    if (word == from / 64)
      clear &= ~(uint64_t)0 << from % 64;
    if (clear != 0)
      return word * 64 + (uint32_t)__builtin_ctzll(clear);
  }
  return BITS_PER_BLOCK;
}

// Sets the first clear bit after `goal`, from the start if need be.
static int take_bit(struct files *files, struct bitmap bitmap, uint32_t goal, uint32_t *found) {
  uint32_t blocks = (bitmap.bits + BITS_PER_BLOCK - 1) / BITS_PER_BLOCK;
  uint32_t from = goal < bitmap.bits ? goal : 0;
  // The block that the search starts in comes twice: its end first, its beginning last.
  for (uint32_t i = 0, at = from / BITS_PER_BLOCK; i <= blocks; i++, at = (at + 1) % blocks) {
    const void *words;
    int error = block_read(files, bitmap.start + at, &words);
    if (error != 0)
      return error;
    uint32_t bit = find_clear(words, i == 0 ? from % BITS_PER_BLOCK : 0);
    uint64_t number = (uint64_t)at * BITS_PER_BLOCK + bit;
    if (bit == BITS_PER_BLOCK || number >= bitmap.bits)
      continue;
    void *changed;
    error = block_write(files, bitmap.start + at, &changed);
    if (error != 0)
      return error;
    ((uint64_t *)changed)[bit / 64] |= (uint64_t)1 << bit % 64;
    *found = (uint32_t)number;
    return 0;
  }
  return -FILES_CORRUPT; // the state says there is one
}

static int drop_bit(struct files *files, struct bitmap bitmap, uint32_t number) {
  void *words;
  int error = block_write(files, bitmap.start + number / BITS_PER_BLOCK, &words);
  if (error != 0)
    return error;
  uint64_t *word = (uint64_t *)words + number % BITS_PER_BLOCK / 64;
  uint64_t bit = (uint64_t)1 << number % 64;
  if ((*word & bit) == 0)
    return -FILES_CORRUPT;
  *word &= ~bit;
  return 0;
}

int block_allocate(struct files *files, uint32_t goal, uint32_t *number) {
  struct files_state *state;
  int error = state_write(files, &state);
  if (error == 0 && state->free_blocks == 0)
    error = -FILES_NO_SPACE;
  if (error == 0)
    error =
        take_bit(files, block_bitmap(files), goal != 0 ? goal : files->transaction.next_free_block, number);
  if (error != 0)
    return error;
  if (!is_data_block(files, *number))
    return -FILES_CORRUPT;
  state->free_blocks--;
  files->transaction.next_free_block = *number + 1;
  return 0;
}

int block_free(struct files *files, uint32_t number) {
  struct files_state *state;
  if (!is_data_block(files, number))
    return -FILES_CORRUPT;
  int error = state_write(files, &state);
  if (error == 0)
    error = drop_bit(files, block_bitmap(files), number);
  if (error != 0)
    return error;
  state->free_blocks++;
  block_forget(files, number);
  return 0;
}

int inode_allocate(struct files *files, uint32_t *number) {
  struct files_state *state;
  int error = state_write(files, &state);
  if (error == 0 && state->free_inodes == 0)
    error = -FILES_NO_SPACE;
  if (error == 0)
    error = take_bit(files, inode_bitmap(files), files->transaction.next_free_inode, number);
  if (error != 0)
    return error;
  state->free_inodes--;
  files->transaction.next_free_inode = *number + 1;
  return 0;
}

int inode_free(struct files *files, uint32_t number) {
  struct files_state *state;
  int error = state_write(files, &state);
  if (error == 0)
    error = drop_bit(files, inode_bitmap(files), number);
  if (error == 0)
    state->free_inodes++;
  return error;
}
