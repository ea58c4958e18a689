#include "check.h"

#include "bytes.h"
#include "directory.h"
#include "inode.h"

enum { BITS_PER_BLOCK = FILES_BLOCK_BYTES * 8, MESSAGE_BYTES = 200, LEVELS = FILES_POINTERS - FILES_DIRECT };

// What is known of an inode.
struct facts {
  uint32_t names;          // entries that name it
  uint32_t subdirectories; // entries in it that name directories
  uint32_t parent;         // of a directory, as its inode says
  uint16_t mode;
  uint8_t reached; // 1: on the way up being looked at; 2: hangs on the root; 3: does not
  bool is_orphan;
};

struct checker {
  const struct files_check *check;
  const struct files_layout *layout;
  uint32_t problems;
  uint32_t used_blocks;
  uint32_t used_inodes;
  uint8_t *blocks[LEVELS]; // room for the blocks of pointers on the way down
  uint8_t *leaf;
  uint8_t *other;
  uint8_t *inode_block; // of the inode being looked at
  uint64_t *seen;       // a bit for each block that has an owner
  struct facts *facts;
};

// Puts `#` in the text into words: the numbers in their order.
static void problem(struct checker *checker, const char *text, uint64_t first, uint64_t second,
                    uint64_t third) {
  const uint64_t numbers[] = {first, second, third};
  char message[MESSAGE_BYTES];
  size_t length = 0;
  size_t used = 0;
  for (; *text != '\0' && length < sizeof message - 24; text++) {
    if (*text != '#') {
      message[length++] = *text;
      continue;
    }
    char digits[20];
    size_t count = 0;
    uint64_t number = numbers[used++];
    do {
      digits[count++] = (char)('0' + number % 10);
      number /= 10;
    } while (number > 0);
    while (count > 0)
      message[length++] = digits[--count];
  }
  message[length] = '\0';
  checker->problems++;
  checker->check->report(checker->check->context, message);
}

static bool read_block(struct checker *checker, uint32_t number, void *block) {
  bool done = checker->check->read(checker->check->context, number, block);
  if (!done)
    problem(checker, "block # cannot be read", number, 0, 0);
  return done;
}

static bool bit_is_set(const void *bitmap, uint32_t bit) {
  return ((const uint8_t *)bitmap)[bit / 8] >> bit % 8 & 1;
}

// Notes that a file has a block. False if it cannot be followed further.
static bool own_block(struct checker *checker, uint32_t number, uint32_t inode) {
  if (number < checker->layout->data || number >= checker->layout->blocks) {
    problem(checker, "inode # has block #, which is none of the blocks for data", inode, number, 0);
    return false;
  }
  if (bit_is_set(checker->seen, number)) {
    problem(checker, "inode # has block #, which something has already", inode, number, 0);
    return false;
  }
  checker->seen[number / 64] |= (uint64_t)1 << number % 64;
  checker->used_blocks++;
  return true;
}

static uint64_t span(uint32_t level) {
  uint64_t blocks = 1;
  while (level-- > 0)
    blocks *= FILES_POINTERS_PER_BLOCK;
  return blocks;
}

// What was found of a file's blocks.
struct tree {
  uint32_t inode;
  uint32_t blocks;
  uint64_t end; // behind its last data block
};

static void own_tree(struct checker *checker, uint32_t number, uint32_t level, uint64_t first,
                     struct tree *tree) {
  if (number == 0 || !own_block(checker, number, tree->inode))
    return;
  tree->blocks++;
  if (level == 0) {
    tree->end = first + 1 > tree->end ? first + 1 : tree->end;
    return;
  }
  const uint32_t *pointers = (const uint32_t *)checker->blocks[level - 1];
  if (!read_block(checker, number, checker->blocks[level - 1]))
    return;
  for (uint32_t i = 0; i < FILES_POINTERS_PER_BLOCK; i++)
    own_tree(checker, pointers[i], level - 1, first + i * span(level - 1), tree);
}

static bool type_is_known(uint32_t mode) {
  switch (file_type(mode)) {
  case FILES_TYPE_SOCKET:
  case FILES_TYPE_LINK:
  case FILES_TYPE_REGULAR:
  case FILES_TYPE_BLOCK_DEVICE:
  case FILES_TYPE_DIRECTORY:
  case FILES_TYPE_CHARACTER_DEVICE:
  case FILES_TYPE_FIFO:
    return true;
  default:
    return false;
  }
}

static bool is_directory(uint32_t mode) { return file_type(mode) == FILES_TYPE_DIRECTORY; }

static void check_inode(struct checker *checker, uint32_t number, const struct files_inode *inode) {
  checker->used_inodes++;
  checker->facts[number].mode = inode->mode;
  checker->facts[number].parent = inode->parent;
  if (!type_is_known(inode->mode))
    problem(checker, "inode # has mode #, which is no type of file", number, inode->mode, 0);
  struct tree tree = {.inode = number};
  uint64_t first = 0;
  for (uint32_t i = 0; i < FILES_POINTERS; i++) {
    uint32_t level = i < FILES_DIRECT ? 0 : i - FILES_DIRECT + 1;
    own_tree(checker, inode->pointers[i], level, first, &tree);
    first += span(level);
  }
  if (tree.blocks != inode->blocks)
    problem(checker, "inode # has # blocks, but says #", number, tree.blocks, inode->blocks);
  if (inode->size > file_size_limit())
    problem(checker, "inode # has # bytes, more than there can be", number, inode->size, 0);
  else if (tree.end > (inode->size + FILES_BLOCK_BYTES - 1) / FILES_BLOCK_BYTES &&
           (inode->flags & FILES_FLAG_TRUNCATING) == 0)
    problem(checker, "inode # has a block # behind its end of # bytes", number, tree.end - 1, inode->size);
  if (is_directory(inode->mode) && inode->size % FILES_BLOCK_BYTES != 0)
    problem(checker, "directory # has # bytes, not whole blocks", number, inode->size, 0);
}

// The inode, which stays in `inode_block`.
static const struct files_inode *read_inode(struct checker *checker, uint32_t number) {
  uint32_t block = checker->layout->inode_table + number / FILES_INODES_PER_BLOCK;
  if (!read_block(checker, block, checker->inode_block))
    return NULL;
  return (const struct files_inode *)checker->inode_block + number % FILES_INODES_PER_BLOCK;
}

static void check_inodes(struct checker *checker) {
  const struct files_layout *layout = checker->layout;
  for (uint32_t number = 0; number < layout->inodes; number++) {
    if (number % FILES_INODES_PER_BLOCK == 0 &&
        !read_block(checker, layout->inode_table + number / FILES_INODES_PER_BLOCK, checker->inode_block)) {
      number += FILES_INODES_PER_BLOCK - 1;
      continue;
    }
    if (number % BITS_PER_BLOCK == 0 &&
        !read_block(checker, layout->inode_bitmap + number / BITS_PER_BLOCK, checker->other))
      return;
    const struct files_inode *inode =
        (const struct files_inode *)checker->inode_block + number % FILES_INODES_PER_BLOCK;
    bool is_marked = bit_is_set(checker->other, number % BITS_PER_BLOCK);
    if (number == 0) {
      if (!is_marked)
        problem(checker, "inode 0 is marked free", 0, 0, 0);
      continue;
    }
    if (is_marked != (inode->mode != 0))
      problem(checker, is_marked ? "inode # is marked used, but is free" : "inode # is used, but marked free",
              number, 0, 0);
    if (inode->mode != 0)
      check_inode(checker, number, inode);
  }
}

// A file block of a directory; 0 where it has none or what lies on the way is wrong, which was reported.
static uint32_t find_block(struct checker *checker, const struct files_inode *inode, uint64_t index) {
  uint32_t level = 0;
  uint32_t pointer = (uint32_t)index;
  if (index >= FILES_DIRECT) {
    for (index -= FILES_DIRECT, level = 1; level < LEVELS && index >= span(level); level++)
      index -= span(level);
    pointer = FILES_DIRECT + level - 1;
    if (index >= span(level))
      return 0;
  } else {
    index = 0;
  }
  uint32_t at = inode->pointers[pointer];
  for (; at != 0 && level > 0; level--) {
    if (at < checker->layout->data || at >= checker->layout->blocks ||
        !read_block(checker, at, checker->blocks[0]))
      return 0;
    at = ((const uint32_t *)checker->blocks[0])[index / span(level - 1)];
    index %= span(level - 1);
  }
  return at >= checker->layout->data && at < checker->layout->blocks ? at : 0;
}

static bool same_name(const struct files_entry *left, const struct files_entry *right) {
  return left->inode != 0 && left->hash == right->hash && left->name_bytes == right->name_bytes &&
         memcmp(left->name, right->name, left->name_bytes) == 0;
}

// Whether a sound block has the entry's name, before `end`.
static bool has_name(const uint8_t *block, uint32_t end, const struct files_entry *entry) {
  for (uint32_t at = 0; at < end && entry_is_sound(block, at);
       at += ((const struct files_entry *)(block + at))->bytes) {
    if (same_name((const struct files_entry *)(block + at), entry))
      return true;
  }
  return false;
}

// A directory being looked at, and where in it.
struct place {
  uint32_t directory;
  const struct files_inode *inode;
  uint64_t index;
  uint32_t entries;
};

static void check_entry(struct checker *checker, const struct place *place, uint32_t offset) {
  const struct files_entry *entry = (const struct files_entry *)(checker->leaf + offset);
  uint32_t directory = place->directory;
  if (name_check(entry->name, entry->name_bytes) != 0)
    problem(checker, "directory # has a name that cannot be one, in block # at byte #", directory,
            place->index, offset);
  if (entry->hash != name_hash(entry->name, entry->name_bytes))
    problem(checker, "directory # has a name with a wrong hash, in block # at byte #", directory,
            place->index, offset);
  bool is_in_place = false;
  bool is_there_twice = has_name(checker->leaf, offset, entry);
  for (uint32_t level = 0; level < FILES_DIRECTORY_LEVELS && !is_in_place; level++) {
    uint64_t index = directory_block(entry->hash, level);
    is_in_place = index == place->index;
    uint32_t block = is_in_place ? 0 : find_block(checker, place->inode, index);
    if (block != 0 && read_block(checker, block, checker->other))
      is_there_twice |= has_name(checker->other, FILES_BLOCK_BYTES, entry);
  }
  if (!is_in_place)
    problem(checker, "directory # has a name where it is not looked for, in block # at byte #", directory,
            place->index, offset);
  if (is_there_twice)
    problem(checker, "directory # has a name twice, in block # at byte #", directory, place->index, offset);
  if (entry->inode >= checker->layout->inodes || checker->facts[entry->inode].mode == 0) {
    problem(checker, "directory # names inode #, which is not in use", directory, entry->inode, 0);
    return;
  }
  struct facts *facts = &checker->facts[entry->inode];
  facts->names++;
  if (entry->type != facts->mode >> 12)
    problem(checker, "directory # names inode # as another type than it has", directory, entry->inode, 0);
  if (!is_directory(facts->mode))
    return;
  checker->facts[directory].subdirectories++;
  if (facts->parent != directory)
    problem(checker, "directory # is named by directory #, but says its parent is #", entry->inode, directory,
            facts->parent);
}

static void check_directory_block(struct checker *checker, struct place *place, uint32_t number) {
  if (number < checker->layout->data || number >= checker->layout->blocks ||
      !read_block(checker, number, checker->leaf))
    return;
  for (uint32_t at = 0; at < FILES_BLOCK_BYTES;) {
    if (!entry_is_sound(checker->leaf, at)) {
      problem(checker, "directory # has no sound entry in block # at byte #", place->directory, place->index,
              at);
      return;
    }
    const struct files_entry *entry = (const struct files_entry *)(checker->leaf + at);
    if (entry->inode != 0) {
      check_entry(checker, place, at);
      place->entries++;
    }
    at += entry->bytes;
  }
}

// Looks at the blocks of a directory below one pointer.
static void check_directory_tree(struct checker *checker, struct place *place, uint32_t number,
                                 uint32_t level, uint64_t first) {
  if (number == 0)
    return;
  if (level == 0) {
    place->index = first;
    check_directory_block(checker, place, number);
    return;
  }
  for (uint32_t i = 0; i < FILES_POINTERS_PER_BLOCK; i++) {
    // What is looked at below needs the room for blocks of pointers, too.
    if (number < checker->layout->data || number >= checker->layout->blocks ||
        !read_block(checker, number, checker->blocks[level - 1]))
      return;
    uint32_t below = ((const uint32_t *)checker->blocks[level - 1])[i];
    check_directory_tree(checker, place, below, level - 1, first + i * span(level - 1));
  }
}

static void check_directories(struct checker *checker) {
  for (uint32_t number = 1; number < checker->layout->inodes; number++) {
    if (!is_directory(checker->facts[number].mode))
      continue;
    const struct files_inode *inode = read_inode(checker, number);
    if (inode == NULL)
      continue;
    struct place place = {.directory = number, .inode = inode};
    uint64_t first = 0;
    for (uint32_t i = 0; i < FILES_POINTERS; i++) {
      uint32_t level = i < FILES_DIRECT ? 0 : i - FILES_DIRECT + 1;
      check_directory_tree(checker, &place, inode->pointers[i], level, first);
      first += span(level);
    }
    if (place.entries != inode->entries)
      problem(checker, "directory # has # names, but says #", number, place.entries, inode->entries);
  }
}

static void check_orphans(struct checker *checker, uint32_t first) {
  uint32_t previous = 0;
  for (uint32_t number = first; number != 0;) {
    if (number >= checker->layout->inodes || checker->facts[number].mode == 0) {
      problem(checker, "inode # is among the orphans, but is not in use", number, 0, 0);
      return;
    }
    if (checker->facts[number].is_orphan) {
      problem(checker, "inode # is among the orphans twice", number, 0, 0);
      return;
    }
    checker->facts[number].is_orphan = true;
    const struct files_inode *inode = read_inode(checker, number);
    if (inode == NULL)
      return;
    if (inode->previous_orphan != previous)
      problem(checker, "orphan # says that # is before it, not #", number, inode->previous_orphan, previous);
    previous = number;
    number = inode->next_orphan;
  }
}

static void check_links(struct checker *checker) {
  for (uint32_t number = 1; number < checker->layout->inodes; number++) {
    const struct facts *facts = &checker->facts[number];
    const struct files_inode *inode = facts->mode != 0 ? read_inode(checker, number) : NULL;
    if (inode == NULL)
      continue;
    uint32_t names = facts->names + (number == FILES_ROOT);
    uint32_t links = is_directory(facts->mode) && names > 0 ? 2 + facts->subdirectories : names;
    if (inode->links != links)
      problem(checker, "inode # has # links, but says #", number, links, inode->links);
    if (is_directory(facts->mode) && names > 1)
      problem(checker, "directory # has # names", number, names, 0);
    bool should_be_orphan = inode->links == 0 || (inode->flags & FILES_FLAG_TRUNCATING) != 0;
    if (facts->is_orphan != should_be_orphan)
      problem(checker,
              should_be_orphan ? "inode # should be among the orphans" : "inode # is among the orphans",
              number, 0, 0);
  }
}

// Goes up from every directory until something is known; what is on the way shares its fate.
static void check_connected(struct checker *checker) {
  enum { ON_THE_WAY = 1, CONNECTED = 2, LOOSE = 3 };
  struct facts *facts = checker->facts;
  facts[FILES_ROOT].reached = CONNECTED;
  for (uint32_t number = 1; number < checker->layout->inodes; number++) {
    if (!is_directory(facts[number].mode) || facts[number].is_orphan)
      continue;
    uint32_t at = number;
    for (; at < checker->layout->inodes && is_directory(facts[at].mode) && facts[at].reached == 0;
         at = facts[at].parent)
      facts[at].reached = ON_THE_WAY;
    bool is_connected = at < checker->layout->inodes && facts[at].reached == CONNECTED;
    if (!is_connected)
      problem(checker, "directory # cannot be reached from the root", number, 0, 0);
    for (at = number; at < checker->layout->inodes && facts[at].reached == ON_THE_WAY; at = facts[at].parent)
      facts[at].reached = is_connected ? CONNECTED : LOOSE;
  }
}

static void check_bitmap(struct checker *checker) {
  const struct files_layout *layout = checker->layout;
  for (uint32_t number = 0; number < layout->blocks; number++) {
    if (number % BITS_PER_BLOCK == 0 &&
        !read_block(checker, layout->block_bitmap + number / BITS_PER_BLOCK, checker->other))
      return;
    bool is_marked = bit_is_set(checker->other, number % BITS_PER_BLOCK);
    bool is_used = number < layout->data || bit_is_set(checker->seen, number);
    if (is_marked && !is_used)
      problem(checker, "block # is marked used, but nothing has it", number, 0, 0);
    if (!is_marked && is_used)
      problem(checker, "block # is used, but marked free", number, 0, 0);
  }
}

static void check_state(struct checker *checker) {
  const struct files_layout *layout = checker->layout;
  const struct files_state *state = (const struct files_state *)checker->leaf;
  if (!read_block(checker, 1, checker->leaf))
    return;
  uint32_t free_blocks = layout->blocks - layout->data - checker->used_blocks;
  uint32_t free_inodes = layout->inodes - 1 - checker->used_inodes;
  if (state->free_blocks != free_blocks)
    problem(checker, "# blocks are free, but the state says #", free_blocks, state->free_blocks, 0);
  if (state->free_inodes != free_inodes)
    problem(checker, "# inodes are free, but the state says #", free_inodes, state->free_inodes, 0);
  check_orphans(checker, state->first_orphan);
}

enum { CHECK_BLOCKS = LEVELS + 3 };

size_t files_check_memory(const struct files_layout *layout) {
  return (size_t)CHECK_BLOCKS * FILES_BLOCK_BYTES + ((size_t)layout->blocks / 64 + 1) * sizeof(uint64_t) +
         (size_t)layout->inodes * sizeof(struct facts);
}

uint32_t files_check(const struct files_check *check, const struct files_layout *layout, void *memory) {
  uint8_t *bytes = memory;
  struct checker checker = {.check = check, .layout = layout};
  memset(memory, 0, files_check_memory(layout));
  for (uint32_t i = 0; i < LEVELS; i++, bytes += FILES_BLOCK_BYTES)
    checker.blocks[i] = bytes;
  checker.leaf = bytes;
  checker.other = checker.leaf + FILES_BLOCK_BYTES;
  checker.inode_block = checker.other + FILES_BLOCK_BYTES;
  checker.seen = (uint64_t *)(checker.inode_block + FILES_BLOCK_BYTES);
  checker.facts = (struct facts *)(checker.seen + layout->blocks / 64 + 1);
  check_inodes(&checker);
  if (!is_directory(checker.facts[FILES_ROOT].mode)) {
    problem(&checker, "the root is no directory", 0, 0, 0);
    return checker.problems;
  }
  check_directories(&checker);
  check_state(&checker);
  check_links(&checker);
  check_connected(&checker);
  check_bitmap(&checker);
  return checker.problems;
}
