#include "fdt.h"
#include "layout.h"
#include "string.h"

enum token { BEGIN_NODE = 1, END_NODE = 2, PROPERTY = 3, NOP = 4, END = 9 };

#define MAGIC 0xd00dfeed

// Offsets of big-endian words in the header.
enum header { AT_MAGIC = 0, AT_SIZE = 4, AT_STRUCTURE = 8, AT_STRINGS = 12, AT_RESERVATIONS = 16 };

static const uint8_t *tree;
static const uint8_t *structure;
static const char *strings;

static uint32_t word(const uint8_t *at) {
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint64_t double_word(const uint8_t *at) { return (uint64_t)word(at) << 32 | word(at + 4); }

static uint32_t align4(uint32_t offset) { return (offset + 3) & ~3u; }

bool fdt_open(physical_address blob) {
  tree = physical_to_kernel(blob);
  if (word(tree + AT_MAGIC) != MAGIC)
    return false;
  structure = tree + word(tree + AT_STRUCTURE);
  strings = (const char *)tree + word(tree + AT_STRINGS);
  return true;
}

struct fdt_range fdt_blob(void) { return (struct fdt_range){kernel_to_physical(tree), word(tree + AT_SIZE)}; }

uint32_t fdt_cell(const void *value, unsigned index) { return word((const uint8_t *)value + 4 * index); }

// The offset of the token after the one at `offset`.
static uint32_t after(uint32_t offset) {
  uint32_t next = offset + 4;
  switch (word(structure + offset)) {
  case BEGIN_NODE:
    return align4(next + (uint32_t)string_length((const char *)structure + next) + 1);
  case PROPERTY:
    return align4(next + 8 + word(structure + next));
  default:
    return next;
  }
}

fdt_node fdt_next(fdt_node node) {
  for (uint32_t offset = after((uint32_t)node);; offset = after(offset)) {
    uint32_t token = word(structure + offset);
    if (token == BEGIN_NODE)
      return (fdt_node)offset;
    if (token == END)
      return FDT_NONE;
  }
}

static const char *fdt_name(fdt_node node) { return (const char *)structure + node + 4; }

fdt_node fdt_parent(fdt_node node) {
  // Nodes whose end has not come yet, outermost first; the tree's depth is the firmware's, not a user's.
  fdt_node open[16];
  unsigned depth = 0;
  for (uint32_t offset = 0; offset < (uint32_t)node; offset = after(offset)) {
    uint32_t token = word(structure + offset);
    if (token == BEGIN_NODE && depth < 16)
      open[depth++] = (fdt_node)offset;
    else if (token == END_NODE && depth > 0)
      depth--;
  }
  return depth > 0 ? open[depth - 1] : FDT_NONE;
}

const void *fdt_property(fdt_node node, const char *name, uint32_t *bytes) {
  // A node's properties come before its children.
  for (uint32_t offset = after((uint32_t)node);; offset = after(offset)) {
    const uint8_t *at = structure + offset;
    uint32_t token = word(at);
    if (token == PROPERTY && string_equals(strings + word(at + 8), name)) {
      if (bytes != NULL)
        *bytes = word(at + 4);
      return at + 12;
    }
    if (token != PROPERTY && token != NOP)
      return NULL;
  }
}

uint64_t fdt_number(fdt_node node, const char *name, uint64_t otherwise) {
  uint32_t bytes;
  const void *value = fdt_property(node, name, &bytes);
  if (value == NULL || bytes < 4)
    return otherwise;
  return bytes < 8 ? word(value) : double_word(value);
}

bool fdt_lists(fdt_node node, const char *name, const char *text) {
  uint32_t bytes;
  const char *list = fdt_property(node, name, &bytes);
  if (list == NULL)
    return false;
  for (const char *item = list; item < list + bytes; item += string_length(item) + 1) {
    if (string_equals(item, text))
      return true;
  }
  return false;
}

bool fdt_is_enabled(fdt_node node) {
  const char *status = fdt_property(node, "status", NULL);
  return status == NULL || string_equals(status, "okay") || string_equals(status, "ok");
}

fdt_node fdt_find_compatible(fdt_node node, const char *compatible) {
  while ((node = fdt_next(node)) != FDT_NONE) {
    if (fdt_lists(node, "compatible", compatible) && fdt_is_enabled(node))
      return node;
  }
  return FDT_NONE;
}

fdt_node fdt_find_phandle(uint32_t phandle) {
  for (fdt_node node = 0; node != FDT_NONE; node = fdt_next(node)) {
    if (fdt_number(node, "phandle", 0) == phandle)
      return node;
  }
  return FDT_NONE;
}

// Whether `path` up to its next '/' names `node`.
static bool component_names(const char *path, size_t length, fdt_node node) {
  const char *name = fdt_name(node);
  return string_length(name) == length && memcmp(name, path, length) == 0;
}

fdt_node fdt_find_path(const char *path) {
  fdt_node node = 0;
  while (*path == '/') {
    const char *component = ++path;
    while (*path != 0 && *path != '/' && *path != ':') // ':' starts the options of stdout-path
      path++;
    size_t length = (size_t)(path - component);
    fdt_node child = node;
    do {
      child = fdt_next(child);
    } while (child != FDT_NONE && !(fdt_parent(child) == node && component_names(component, length, child)));
    if (child == FDT_NONE)
      return FDT_NONE;
    node = child;
  }
  return node;
}

static uint64_t cells(const uint8_t *at, uint64_t count) {
  return count == 0 ? 0 : count == 1 ? word(at) : double_word(at);
}

bool fdt_reg(fdt_node node, unsigned index, struct fdt_range *range) {
  uint32_t bytes;
  const uint8_t *reg = fdt_property(node, "reg", &bytes);
  fdt_node parent = fdt_parent(node);
  if (reg == NULL || parent == FDT_NONE)
    return false;
  // Devicetree Specification 0.4, 2.3.5: without the properties, two cells of address and one of size.
  uint64_t address_cells = fdt_number(parent, "#address-cells", 2);
  uint64_t size_cells = fdt_number(parent, "#size-cells", 1);
  uint64_t entry_bytes = 4 * (address_cells + size_cells);
  if (entry_bytes == 0 || (index + 1) * entry_bytes > bytes)
    return false;
  const uint8_t *entry = reg + index * entry_bytes;
  range->address = cells(entry, address_cells);
  range->bytes = cells(entry + 4 * address_cells, size_cells);
  return true;
}

bool fdt_reservation(unsigned index, struct fdt_range *range) {
  const uint8_t *entry = tree + word(tree + AT_RESERVATIONS) + 16 * index;
  range->address = double_word(entry);
  range->bytes = double_word(entry + 8);
  return range->address != 0 || range->bytes != 0;
}
