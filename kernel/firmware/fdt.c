#include "fdt.h"
#include "guarded.h"
#include "memory.h"

enum header_word {
  HEADER_MAGIC,
  HEADER_TOTAL_SIZE,
  HEADER_STRUCTURE,
  HEADER_STRINGS,
  HEADER_RESERVATIONS,
  HEADER_VERSION,
  HEADER_LAST_COMPATIBLE_VERSION,
  HEADER_BOOT_CPU,
  HEADER_STRINGS_SIZE,
  HEADER_STRUCTURE_SIZE,
};

static uint32_t big_endian(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool block_fits(const struct fdt *tree, uint32_t offset, uint32_t bytes) {
  return offset % 4 == 0 && offset >= FDT_HEADER_BYTES && offset <= tree->bytes &&
         bytes <= tree->bytes - offset;
}

bool fdt_open(struct fdt *tree, uint64_t address) {
  if (address % 8 != 0)
    return false;
  struct guarded magic = guarded_load(address, 4, 0);
  if (magic.fault != 0 || __builtin_bswap32((uint32_t)magic.value) != FDT_MAGIC)
    return false;
  uint32_t header[FDT_HEADER_BYTES / 4];
  for (unsigned i = 0; i < FDT_HEADER_BYTES / 4; i++)
    header[i] = big_endian((const uint8_t *)address + 4 * i);
  *tree = (struct fdt){
      .blob = (const uint8_t *)address,
      .bytes = header[HEADER_TOTAL_SIZE],
      .structure = header[HEADER_STRUCTURE],
      .structure_bytes = header[HEADER_STRUCTURE_SIZE],
      .strings = header[HEADER_STRINGS],
      .strings_bytes = header[HEADER_STRINGS_SIZE],
      .reservations = header[HEADER_RESERVATIONS],
      .boot_cpu = header[HEADER_BOOT_CPU],
  };
  // The strings block alone has no alignment.
  return header[HEADER_VERSION] >= FDT_VERSION && header[HEADER_LAST_COMPATIBLE_VERSION] <= FDT_VERSION &&
         block_fits(tree, tree->structure, tree->structure_bytes) &&
         block_fits(tree, tree->strings & ~3u, tree->strings_bytes + tree->strings % 4) &&
         block_fits(tree, tree->reservations, 0);
}

// The bytes from `offset` to the NUL that ends a string, or `limit` if there is none before it.
static uint32_t string_bytes(const uint8_t *block, uint32_t offset, uint32_t limit) {
  uint32_t length = 0;
  while (offset + length < limit && block[offset + length] != '\0')
    length++;
  return offset + length < limit ? length : limit;
}

// Each of these reads what follows a token at `walk->position` and moves past it; false if it leaves its
// block.
static bool read_node(struct fdt_walk *walk, struct fdt_item *item) {
  const struct fdt *tree = walk->tree;
  const uint8_t *structure = tree->blob + tree->structure;
  uint32_t length = string_bytes(structure, walk->position, tree->structure_bytes);
  if (length == tree->structure_bytes)
    return false;
  item->name = (const char *)structure + walk->position;
  walk->position = (walk->position + length + 4) & ~3u;
  return true;
}

static bool read_property(struct fdt_walk *walk, struct fdt_item *item) {
  const struct fdt *tree = walk->tree;
  const uint8_t *strings = tree->blob + tree->strings;
  const uint8_t *at = tree->blob + tree->structure + walk->position;
  uint32_t left = tree->structure_bytes - walk->position;
  if (left < 8)
    return false;
  item->bytes = big_endian(at);
  uint32_t name = big_endian(at + 4);
  if (item->bytes > left - 8 || name >= tree->strings_bytes ||
      string_bytes(strings, name, tree->strings_bytes) == tree->strings_bytes)
    return false;
  item->name = (const char *)strings + name;
  item->value = at + 8;
  walk->position = (walk->position + 8 + item->bytes + 3) & ~3u;
  return true;
}

static bool read_item(struct fdt_walk *walk, struct fdt_item *item, uint32_t token) {
  item->depth = walk->depth;
  switch (token) {
  case FDT_BEGIN_NODE:
    item->depth = ++walk->depth;
    return read_node(walk, item);
  case FDT_PROPERTY:
    return walk->depth > 0 && read_property(walk, item);
  case FDT_END_NODE:
    return walk->depth-- > 0;
  case FDT_END:
    return walk->depth == 0;
  default:
    return false;
  }
}

bool fdt_next(struct fdt_walk *walk, struct fdt_item *item) {
  const struct fdt *tree = walk->tree;
  *item = (struct fdt_item){.token = FDT_MALFORMED};
  uint32_t token = FDT_NOP;
  while (token == FDT_NOP) {
    if (walk->position > tree->structure_bytes || tree->structure_bytes - walk->position < 4)
      return false;
    item->offset = walk->position;
    token = big_endian(tree->blob + tree->structure + walk->position);
    walk->position += 4;
  }
  if (!read_item(walk, item, token))
    return false;
  item->token = token;
  return token != FDT_END;
}

uint64_t fdt_number(const struct fdt_item *property, uint32_t first, uint32_t cells) {
  uint64_t number = 0;
  if (cells > property->bytes / 4 || first > property->bytes / 4 - cells)
    return 0;
  for (uint32_t i = first; i < first + cells; i++)
    number = number << 32 | big_endian(property->value + 4 * i);
  return number;
}

const char *fdt_text(const struct fdt_item *property) {
  bool terminated = property->bytes > 0 && property->value[property->bytes - 1] == '\0';
  return terminated ? (const char *)property->value : "";
}

bool fdt_lists(const struct fdt_item *property, const char *text) {
  uint32_t start = 0;
  while (start < property->bytes) {
    uint32_t length = string_bytes(property->value, start, property->bytes);
    if (length == property->bytes)
      return false;
    if (text_equal((const char *)property->value + start, text))
      return true;
    start += length + 1;
  }
  return false;
}
