#include "format.h"

#include "bytes.h"
#include "checksum.h"

enum {
  BITS_PER_BLOCK = FILES_BLOCK_BYTES * 8,
  LEAST_JOURNAL = 48,
};

static uint32_t superblock_checksum(const struct files_superblock *superblock) {
  return crc32c(superblock, offsetof(struct files_superblock, checksum));
}

static uint32_t divide_up(uint64_t value, uint32_t by) { return (uint32_t)((value + by - 1) / by); }

// Lays the parts end to end. False if they do not fit.
static bool lay_out(const struct files_superblock *superblock, struct files_layout *layout) {
  uint32_t area = superblock->journal_blocks > 0 ? superblock->journal_blocks + 1 : 0;
  *layout = (struct files_layout){
      .blocks = superblock->blocks,
      .inodes = superblock->inodes,
      .identity = superblock->identity,
      .journal_blocks = superblock->journal_blocks,
      .swap_start = superblock->swap_start,
      .swap_blocks = superblock->swap_blocks,
  };
  // No sum overflows: there are at most 2^32 blocks, and 2 * 253 + 2^17 + 2^17 + 2^27 others.
  uint64_t next = 2;
  layout->journal[0] = (uint32_t)next;
  next += area;
  layout->journal[1] = (uint32_t)next;
  next += area;
  layout->block_bitmap = (uint32_t)next;
  next += divide_up(superblock->blocks, BITS_PER_BLOCK);
  layout->inode_bitmap = (uint32_t)next;
  next += divide_up((uint64_t)superblock->inodes, BITS_PER_BLOCK);
  layout->inode_table = (uint32_t)next;
  next += superblock->inodes / FILES_INODES_PER_BLOCK;
  layout->data = (uint32_t)next;
  return next < superblock->blocks;
}

bool files_choose(const struct files_parameters *parameters, struct files_superblock *superblock) {
  if (parameters->swap_blocks >= parameters->disk_blocks)
    return false;
  uint32_t blocks = parameters->disk_blocks - parameters->swap_blocks;
  // One inode for 16 KiB. A sixteenth of a small disk may be journal.
  uint32_t inodes = divide_up(blocks / 4, FILES_INODES_PER_BLOCK) * FILES_INODES_PER_BLOCK;
  uint32_t journal = blocks / 32;
  journal = journal < LEAST_JOURNAL ? LEAST_JOURNAL : journal;
  journal = journal > FILES_RECORD_BLOCKS ? FILES_RECORD_BLOCKS : journal;
  *superblock = (struct files_superblock){
      .magic = FILES_MAGIC,
      .version = FILES_VERSION,
      .blocks = blocks,
      .inodes = inodes < FILES_INODES_PER_BLOCK ? FILES_INODES_PER_BLOCK : inodes,
      .journal_blocks = parameters->journal ? journal : 0,
      .swap_start = parameters->swap_blocks > 0 ? blocks : 0,
      .swap_blocks = parameters->swap_blocks,
      .identity = parameters->identity,
  };
  superblock->checksum = superblock_checksum(superblock);
  struct files_layout layout;
  return lay_out(superblock, &layout);
}

bool files_layout(const struct files_superblock *superblock, uint32_t disk_blocks,
                  struct files_layout *layout) {
  bool swap_fits = superblock->swap_blocks == 0
                       ? superblock->swap_start == 0
                       : superblock->swap_start == superblock->blocks &&
                             superblock->swap_blocks <= disk_blocks - superblock->blocks;
  return superblock->magic == FILES_MAGIC && superblock->version == FILES_VERSION &&
         superblock->checksum == superblock_checksum(superblock) && superblock->blocks <= disk_blocks &&
         swap_fits && superblock->inodes > 0 && superblock->inodes % FILES_INODES_PER_BLOCK == 0 &&
         (superblock->journal_blocks == 0 || superblock->journal_blocks >= LEAST_JOURNAL) &&
         superblock->journal_blocks <= FILES_RECORD_BLOCKS && lay_out(superblock, layout);
}

// Sets the bits from `from` up to `to` of a bitmap that starts at block `bitmap`, as far as they lie in
// `number`.
static void set_bits(uint8_t *block, uint32_t number, uint32_t bitmap, uint64_t from, uint64_t to) {
  uint64_t first = (uint64_t)(number - bitmap) * BITS_PER_BLOCK;
  for (uint64_t bit = from > first ? from : first; bit < to && bit < first + BITS_PER_BLOCK; bit++)
    block[(bit - first) / 8] |= (uint8_t)(1 << (bit - first) % 8);
}

void files_format_block(const struct files_superblock *superblock, int64_t now, uint32_t number,
                        void *block) {
  struct files_layout layout;
  memset(block, 0, FILES_BLOCK_BYTES);
  if (!lay_out(superblock, &layout))
    return;
  if (number == 0) {
    memcpy(block, superblock, sizeof *superblock);
  } else if (number == 1) {
    struct files_state *state = block;
    state->free_blocks = layout.blocks - layout.data;
    state->free_inodes = layout.inodes - 2;
  } else if (number >= layout.block_bitmap && number < layout.inode_bitmap) {
    set_bits(block, number, layout.block_bitmap, 0, layout.data);
    set_bits(block, number, layout.block_bitmap, layout.blocks, UINT64_MAX);
  } else if (number >= layout.inode_bitmap && number < layout.inode_table) {
    set_bits(block, number, layout.inode_bitmap, 0, FILES_ROOT + 1);
    set_bits(block, number, layout.inode_bitmap, layout.inodes, UINT64_MAX);
  } else if (number == layout.inode_table) {
    struct files_inode *root = (struct files_inode *)block + FILES_ROOT;
    root->mode = FILES_TYPE_DIRECTORY | 0755;
    root->links = 2;
    root->generation = 1;
    root->parent = FILES_ROOT;
    root->accessed = root->modified = root->changed = now;
  }
}
