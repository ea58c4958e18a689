// The format of a disk, in blocks of 4096 bytes and little-endian numbers. From its start:
//
//   superblock | state | journal: two areas | block bitmap | inode bitmap | inodes | data ... | swap
//
// The superblock holds only what was chosen when the disk was made and is never written again; where
// everything lies follows from it (`files_layout`). What changes and belongs to no file is the state. A field
// that must not be torn lies in the first 512 bytes of its block, because a disk writes a sector whole or not
// at all.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  FILES_BLOCK_BYTES = 4096,
  FILES_LONGEST_NAME = 255,
  FILES_VERSION = 1,
  FILES_ROOT = 1, // inode of the root directory; inode 0 is none
};

#define FILES_MAGIC        0x5346706172547646u // "FvTrapFS"
#define FILES_RECORD_MAGIC 0x64726f6365526a74u // "tjRecord"

// Block 0.
struct files_superblock {
  uint64_t magic;
  uint32_t version;
  uint32_t blocks;         // of the whole file system, without the swap area
  uint32_t inodes;         // a multiple of 32
  uint32_t journal_blocks; // that one record can hold; 0: no journal, for disks that do not outlive the power
  uint32_t swap_start;     // first block of the swap area, 0: none
  uint32_t swap_blocks;
  uint64_t identity; // tells records of this file system from what was on the disk before
  uint32_t reserved;
  uint32_t checksum; // CRC32C of all above
};

// Block 1, changed by transactions.
struct files_state {
  uint32_t free_blocks;
  uint32_t free_inodes;
  uint32_t first_orphan; // head of the list through `next_orphan`, 0: empty
  uint32_t reserved;
};

// A record is one transaction: this block, then `count` blocks as they will be at home. Record n lies in area
// n modulo 2, so that the one before it is still whole while it is written.
struct files_record_entry {
  uint32_t block; // its home
  uint32_t reserved;
  uint64_t digest; // of its contents
};

enum { FILES_RECORD_BLOCKS = (FILES_BLOCK_BYTES - 48) / 16 }; // most blocks of one record

struct files_record {
  uint64_t magic;
  uint64_t identity;
  uint64_t sequence;
  uint32_t count;
  uint32_t checksum; // CRC32C of this block with 0 here
  uint64_t reserved[2];
  struct files_record_entry entries[FILES_RECORD_BLOCKS];
};

enum {
  FILES_TYPE_MASK = 0170000,
  FILES_TYPE_SOCKET = 0140000,
  FILES_TYPE_LINK = 0120000,
  FILES_TYPE_REGULAR = 0100000,
  FILES_TYPE_BLOCK_DEVICE = 0060000,
  FILES_TYPE_DIRECTORY = 0040000,
  FILES_TYPE_CHARACTER_DEVICE = 0020000,
  FILES_TYPE_FIFO = 0010000,
};

enum {
  FILES_DIRECT = 11,
  FILES_POINTERS = FILES_DIRECT + 3, // then one block of pointers, one of those, one of those again
  FILES_POINTERS_PER_BLOCK = FILES_BLOCK_BYTES / 4,
};

enum {
  FILES_FLAG_TRUNCATING = 1, // has blocks beyond its end that are still to be freed; it is among the orphans
};

struct files_inode {
  uint16_t mode; // type and permissions as Linux has them; 0: the inode is free
  uint16_t flags;
  uint32_t links; // names; of a directory 2 and one per directory in it, 0 when it was removed
  uint32_t uid;
  uint32_t gid;
  uint64_t size;
  int64_t accessed; // nanoseconds since 1970
  int64_t modified;
  int64_t changed;
  uint32_t blocks;     // held, blocks of pointers included
  uint32_t generation; // counts how often the inode was used: an old handle shows
  union {
    uint32_t entries; // of a directory, without . and ..
    uint32_t device;  // of a device file: major and minor as Linux packs them
  };
  uint32_t parent;          // of a directory
  uint32_t next_orphan;     // of an inode without a name, or with FILES_FLAG_TRUNCATING
  uint32_t previous_orphan; // 0: first of the list
  uint32_t pointers[FILES_POINTERS];
};

enum { FILES_INODES_PER_BLOCK = FILES_BLOCK_BYTES / sizeof(struct files_inode) };

// A directory is a tree of blocks: block 0, and below every block eight more. A name's hash says which way it
// goes down; it lies in the first block on its way that had room for it. The blocks of level n start at file
// block (8^n - 1) / 7, in the order of the hash's low 3 * n bits. Entries never move while they live, so a
// position in a directory stays good. Inside a block, entries lie end to end; `inode` 0 is room.
enum { FILES_DIRECTORY_FANOUT_BITS = 3, FILES_DIRECTORY_LEVELS = 10 };

struct files_entry {
  uint32_t inode;
  uint32_t hash;
  uint16_t bytes; // to the next entry, a multiple of 4
  uint8_t name_bytes;
  uint8_t type; // mode >> 12
  char name[];
};

_Static_assert(sizeof(struct files_superblock) == 48, "a superblock's fields leave no holes");
_Static_assert(sizeof(struct files_record) == FILES_BLOCK_BYTES, "a record's head is one block");
_Static_assert(sizeof(struct files_inode) == 128, "inodes fill a block");
_Static_assert(sizeof(struct files_entry) == 12, "entries keep their alignment");

// Where everything lies: first blocks, and counts.
struct files_layout {
  uint32_t blocks;
  uint32_t inodes;
  uint64_t identity;
  uint32_t journal_blocks;
  uint32_t journal[2];
  uint32_t block_bitmap;
  uint32_t inode_bitmap;
  uint32_t inode_table;
  uint32_t data; // up to `blocks`
  uint32_t swap_start;
  uint32_t swap_blocks;
};

// What a disk is made from.
struct files_parameters {
  uint32_t disk_blocks;
  uint32_t swap_blocks;
  bool journal;
  uint64_t identity;
};

// Chooses sizes for a disk. Returns false if it is too small for any file.
bool files_choose(const struct files_parameters *parameters, struct files_superblock *superblock);

// Where everything lies by a superblock, which may be anything. Returns false unless it is one of ours, whole
// and consistent, on a disk of at least `disk_blocks` blocks.
bool files_layout(const struct files_superblock *superblock, uint32_t disk_blocks,
                  struct files_layout *layout);

// What block `number`, 0 to `layout.data` - 1, holds on a new disk, whose root directory belongs to root and
// was made at `now`. Block 0 makes the disk ours: write it last, after a flush. The two areas of the journal
// need only their first block.
void files_format_block(const struct files_superblock *superblock, int64_t now, uint32_t number, void *block);
