#include "directory.h"

#include "core.h"
#include "inode.h"

// Bytes of an entry with a name of this length.
static uint32_t entry_bytes(uint32_t name_bytes) {
  return ((uint32_t)sizeof(struct files_entry) + name_bytes + 3) & ~3u;
}

uint32_t name_hash(const char *name, uint32_t bytes) {
  uint32_t hash = 0x811c9dc5u;
  for (uint32_t i = 0; i < bytes; i++)
    hash = (hash ^ (uint8_t)name[i]) * 0x01000193u;
  hash ^= hash >> 15;
  hash *= 0x85ebca6bu;
  return hash ^ hash >> 13;
}

uint64_t directory_block(uint32_t hash, uint32_t level) {
  uint32_t bits = level * FILES_DIRECTORY_FANOUT_BITS;
  uint64_t first = (((uint64_t)1 << bits) - 1) / ((1 << FILES_DIRECTORY_FANOUT_BITS) - 1);
  return first + (hash & (((uint64_t)1 << bits) - 1));
}

bool entry_is_sound(const uint8_t *block, uint32_t offset) {
  if (offset % 4 != 0 || offset > FILES_BLOCK_BYTES - sizeof(struct files_entry))
    return false;
  const struct files_entry *entry = (const struct files_entry *)(block + offset);
  return entry->bytes >= sizeof *entry && entry->bytes % 4 == 0 &&
         entry->bytes <= FILES_BLOCK_BYTES - offset &&
         (entry->inode == 0 || (entry->name_bytes > 0 && entry_bytes(entry->name_bytes) <= entry->bytes));
}

int name_check(const char *name, uint32_t bytes) {
  if (bytes == 0)
    return -FILES_NOT_FOUND;
  if (bytes > FILES_LONGEST_NAME)
    return -FILES_NAME_TOO_LONG;
  if (name[0] == '.' && (bytes == 1 || (bytes == 2 && name[1] == '.')))
    return -FILES_EXISTS;
  for (uint32_t i = 0; i < bytes; i++) {
    if (name[i] == '/' || name[i] == '\0')
      return -FILES_INVALID;
  }
  return 0;
}

// What is to be found in one block of a directory.
struct search {
  const char *name;
  uint32_t bytes;
  uint32_t hash;
};

// Looks for the name in a block; if it is not there, for room for it. An offset of FILES_BLOCK_BYTES:
// neither.
static int search_block(const uint8_t *block, const struct search *search, bool *is_there, uint32_t *offset) {
  uint32_t needed = entry_bytes(search->bytes);
  uint32_t room = FILES_BLOCK_BYTES;
  for (uint32_t at = 0; at < FILES_BLOCK_BYTES;) {
    if (!entry_is_sound(block, at))
      return -FILES_CORRUPT;
    const struct files_entry *entry = (const struct files_entry *)(block + at);
    if (entry->inode != 0 && entry->hash == search->hash && entry->name_bytes == search->bytes &&
        memcmp(entry->name, search->name, search->bytes) == 0) {
      *is_there = true;
      *offset = at;
      return 0;
    }
    uint32_t used = entry->inode != 0 ? entry_bytes(entry->name_bytes) : 0;
    if (room == FILES_BLOCK_BYTES && entry->bytes - used >= needed)
      room = at;
    at += entry->bytes;
  }
  *is_there = false;
  *offset = room;
  return 0;
}

// The directory's block for a hash on a level; 0 if it has none.
static int find_directory_block(struct files *files, const struct files_inode *directory, uint32_t hash,
                                uint32_t level, uint32_t *number) {
  uint64_t index = directory_block(hash, level);
  *number = 0;
  return index < directory->size / FILES_BLOCK_BYTES ? inode_find_block(files, directory, index, number) : 0;
}

int entry_find(struct files *files, const struct files_inode *directory, const char *name, uint32_t bytes,
               struct found_entry *found) {
  struct search search = {.name = name, .bytes = bytes, .hash = name_hash(name, bytes)};
  // The inode's block may get a private copy or go; what is needed of it is small.
  for (uint32_t level = 0; level < FILES_DIRECTORY_LEVELS; level++) {
    const void *block;
    bool is_there;
    int error = find_directory_block(files, directory, search.hash, level, &found->block);
    if (error != 0)
      return error;
    if (found->block == 0)
      break;
    error = block_read(files, found->block, &block);
    if (error == 0)
      error = search_block(block, &search, &is_there, &found->offset);
    if (error != 0)
      return error;
    if (is_there) {
      const struct files_entry *entry = (const struct files_entry *)((const uint8_t *)block + found->offset);
      found->inode = entry->inode;
      found->type = entry->type;
      return 0;
    }
  }
  return -FILES_NOT_FOUND;
}

static void write_entry(uint8_t *block, uint32_t offset, const struct search *search, uint32_t inode,
                        uint8_t type) {
  struct files_entry *entry = (struct files_entry *)(block + offset);
  if (entry->inode != 0) {
    // The new entry takes what the old one does not need.
    uint32_t used = entry_bytes(entry->name_bytes);
    struct files_entry *next = (struct files_entry *)(block + offset + used);
    next->bytes = (uint16_t)(entry->bytes - used);
    entry->bytes = (uint16_t)used;
    entry = next;
  }
  entry->inode = inode;
  entry->hash = search->hash;
  entry->name_bytes = (uint8_t)search->bytes;
  entry->type = type;
  memcpy(entry->name, search->name, search->bytes);
}

int entry_add(struct files *files, struct files_inode *directory, const char *name, uint32_t bytes,
              uint32_t inode, uint8_t type) {
  struct search search = {.name = name, .bytes = bytes, .hash = name_hash(name, bytes)};
  for (uint32_t level = 0; level < FILES_DIRECTORY_LEVELS; level++) {
    uint32_t number;
    uint32_t offset = 0;
    void *block;
    int error = find_directory_block(files, directory, search.hash, level, &number);
    if (error != 0)
      return error;
    if (number == 0) {
      bool fresh;
      uint64_t index = directory_block(search.hash, level);
      error = inode_extend(files, directory, index, &number, &fresh);
      if (error == 0)
        error = fresh ? block_new(files, number, &block) : -FILES_CORRUPT;
      if (error != 0)
        return error;
      ((struct files_entry *)block)->bytes = FILES_BLOCK_BYTES;
      if (directory->size < (index + 1) * FILES_BLOCK_BYTES)
        directory->size = (index + 1) * FILES_BLOCK_BYTES;
    } else {
      const void *old;
      bool is_there;
      error = block_read(files, number, &old);
      if (error == 0)
        error = search_block(old, &search, &is_there, &offset);
      if (error != 0)
        return error;
      if (is_there)
        return -FILES_CORRUPT; // it was looked for before
      if (offset == FILES_BLOCK_BYTES)
        continue;
      error = block_write(files, number, &block);
      if (error != 0)
        return error;
    }
    write_entry(block, offset, &search, inode, type);
    directory->entries++;
    return 0;
  }
  return -FILES_NO_SPACE;
}

int entry_replace(struct files *files, const struct found_entry *found, uint32_t inode, uint8_t type) {
  void *block;
  int error = block_write(files, found->block, &block);
  if (error != 0)
    return error;
  struct files_entry *entry = (struct files_entry *)((uint8_t *)block + found->offset);
  entry->inode = inode;
  entry->type = type;
  return 0;
}

int entry_remove(struct files *files, struct files_inode *directory, const struct found_entry *found) {
  void *data;
  int error = block_write(files, found->block, &data);
  if (error != 0)
    return error;
  uint8_t *block = data;
  uint32_t before = FILES_BLOCK_BYTES;
  for (uint32_t at = 0; at < found->offset; at += ((struct files_entry *)(block + at))->bytes)
    before = at;
  struct files_entry *entry = (struct files_entry *)(block + found->offset);
  uint32_t end = found->offset + entry->bytes;
  if (end < FILES_BLOCK_BYTES) {
    const struct files_entry *next = (const struct files_entry *)(block + end);
    if (next->inode == 0)
      entry->bytes = (uint16_t)(entry->bytes + next->bytes);
  }
  entry->inode = 0;
  if (before != FILES_BLOCK_BYTES) {
    struct files_entry *previous = (struct files_entry *)(block + before);
    previous->bytes = (uint16_t)(previous->bytes + entry->bytes);
  }
  if (directory->entries == 0)
    return -FILES_CORRUPT;
  directory->entries--;
  return 0;
}

// Positions: 0 is before `.`, 1 before `..`, and then come bytes of the directory's file, from here on.
enum { FIRST_ENTRY = 2, LISTED_ALIGNMENT = 8 };

struct listing {
  uint8_t *next;
  uint32_t room;
};

// False if there is no room.
static bool list_name(struct listing *listing, uint64_t next, uint32_t inode, uint8_t type, const char *name,
                      uint32_t bytes) {
  uint32_t needed =
      ((uint32_t)sizeof(struct files_listed) + bytes + LISTED_ALIGNMENT - 1) & -LISTED_ALIGNMENT;
  if (needed > listing->room)
    return false;
  struct files_listed *listed = (struct files_listed *)listing->next;
  *listed = (struct files_listed){
      .next = next, .inode = inode, .bytes = (uint16_t)needed, .type = type, .name_bytes = (uint8_t)bytes};
  memcpy(listed->name, name, bytes);
  listing->next += needed;
  listing->room -= needed;
  return true;
}

// Lists what lies in one block from `*position` on, and moves it there or behind the block. False if room
// ended first.
static int list_block(const uint8_t *block, uint64_t block_position, struct listing *listing,
                      uint64_t *position, bool *is_full) {
  *is_full = false;
  for (uint32_t at = 0; at < FILES_BLOCK_BYTES;) {
    if (!entry_is_sound(block, at))
      return -FILES_CORRUPT;
    const struct files_entry *entry = (const struct files_entry *)(block + at);
    uint64_t next = block_position + at + entry->bytes;
    if (entry->inode != 0 && block_position + at >= *position) {
      if (name_check(entry->name, entry->name_bytes) != 0)
        return -FILES_CORRUPT; // lest somebody follow it out of the tree
      *is_full = !list_name(listing, next, entry->inode, entry->type, entry->name, entry->name_bytes);
      if (*is_full)
        return 0;
    }
    if (next > *position)
      *position = next;
    at += entry->bytes;
  }
  return 0;
}

int entry_list(struct files *files, struct files_handle file, const struct files_inode *directory,
               uint64_t *position, uint8_t *list, uint32_t room, uint32_t *bytes) {
  struct listing listing = {.next = list, .room = room};
  uint8_t type = FILES_TYPE_DIRECTORY >> 12;
  bool is_full = false;
  if (*position == 0)
    *position += list_name(&listing, 1, file.inode, type, ".", 1);
  if (*position == 1)
    *position += list_name(&listing, FIRST_ENTRY, directory->parent, type, "..", 2);
  // A damaged directory may have the same blocks in many places: it has no more than the disk.
  for (uint32_t visited = 0; !is_full && *position >= FIRST_ENTRY; visited++) {
    uint64_t index = (*position - FIRST_ENTRY) / FILES_BLOCK_BYTES;
    uint32_t number;
    const void *block;
    int error = inode_next_block(files, directory, &index, &number);
    if (error == 0 && number == 0)
      break;
    if (error == 0)
      error = visited < files->layout.blocks ? block_read(files, number, &block) : -FILES_CORRUPT;
    if (error == 0)
      error = list_block(block, index * FILES_BLOCK_BYTES + FIRST_ENTRY, &listing, position, &is_full);
    // What is listed already is an answer, too.
    if (error != 0 && listing.room < room)
      break;
    if (error != 0)
      return error;
  }
  *bytes = room - listing.room;
  // Room for not even one name is no end.
  return *bytes == 0 && is_full ? -FILES_INVALID : 0;
}
