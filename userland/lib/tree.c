#include "lib/tree.h"
#include "lib/kernel.h"
#include <string.h>

enum token { BEGIN_NODE = 1, END_NODE = 2, PROPERTY = 3, NOP = 4, END = 9 };

#define MAGIC 0xd00dfeedu

// Offsets of words in the header.
enum header { AT_MAGIC = 0, AT_SIZE = 4, AT_STRUCTURE = 8, AT_STRINGS = 12 };

#define INSPECTED_AT_ONCE 4096ul

size_t tree_read(uint8_t *blob) {
  size_t length = 0;
  while (length + INSPECTED_AT_ONCE <= TREE_BYTES) {
    int64_t bytes = kernel_inspect(HANDLE_MACHINE, INSPECT_TREE, length, blob + length, INSPECTED_AT_ONCE);
    if (bytes <= 0)
      break;
    length += (size_t)bytes;
  }
  return length;
}

static uint32_t word_of(const uint8_t *at) {
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint32_t word(const struct tree *tree, uint32_t offset) { return word_of(tree->blob + offset); }

static const char *text(const struct tree *tree, uint32_t offset) {
  return (const char *)tree->blob + offset;
}

bool tree_open(const void *blob, size_t bytes, struct tree *tree) {
  if (bytes < 40 || word_of(blob) != MAGIC || word_of((const uint8_t *)blob + AT_SIZE) > bytes)
    return false;
  const uint8_t *header = blob;
  *tree = (struct tree){blob, word_of(header + AT_STRUCTURE), word_of(header + AT_STRINGS)};
  return true;
}

// The offset of the token after the one at `offset`.
static uint32_t after(const struct tree *tree, uint32_t offset) {
  uint32_t next = offset + 4;
  switch (word(tree, offset)) {
  case BEGIN_NODE:
    next += (uint32_t)strlen(text(tree, next)) + 1;
    break;
  case PROPERTY:
    next += 8 + word(tree, next);
    break;
  default:
    break;
  }
  return (next + 3) & ~3u;
}

tree_node tree_root(const struct tree *tree) {
  uint32_t offset = tree->structure;
  while (word(tree, offset) == NOP)
    offset += 4;
  return offset;
}

tree_node tree_next(const struct tree *tree, tree_node node) {
  for (uint32_t offset = after(tree, node);; offset = after(tree, offset)) {
    uint32_t token = word(tree, offset);
    if (token == BEGIN_NODE)
      return offset;
    if (token == END)
      return TREE_NONE;
  }
}

tree_node tree_child_of_root(const struct tree *tree, const char *name) {
  unsigned depth = 0;
  for (uint32_t offset = tree_root(tree);; offset = after(tree, offset)) {
    uint32_t token = word(tree, offset);
    if (token == END)
      return TREE_NONE;
    if (token == BEGIN_NODE && depth++ == 1 && strcmp(text(tree, offset + 4), name) == 0)
      return offset;
    if (token == END_NODE)
      depth--;
  }
}

const void *tree_property(const struct tree *tree, tree_node node, const char *name, uint32_t *bytes) {
  // A node's properties come before its children.
  for (uint32_t offset = after(tree, node);; offset = after(tree, offset)) {
    uint32_t token = word(tree, offset);
    if (token == PROPERTY && strcmp(text(tree, tree->strings + word(tree, offset + 8)), name) == 0) {
      *bytes = word(tree, offset + 4);
      return tree->blob + offset + 12;
    }
    if (token != PROPERTY && token != NOP)
      return NULL;
  }
}

static bool lists(const struct tree *tree, tree_node node, const char *name, const char *wanted) {
  uint32_t bytes;
  const char *list = tree_property(tree, node, name, &bytes);
  if (list == NULL)
    return false;
  for (const char *item = list; item < list + bytes; item += strlen(item) + 1) {
    if (strcmp(item, wanted) == 0)
      return true;
  }
  return false;
}

// Devicetree Specification 0.4, 2.3.4: without the property a device is enabled.
static bool is_enabled(const struct tree *tree, tree_node node) {
  uint32_t bytes;
  return tree_property(tree, node, "status", &bytes) == NULL || lists(tree, node, "status", "okay") ||
         lists(tree, node, "status", "ok");
}

tree_node tree_compatible(const struct tree *tree, tree_node node, const char *compatible) {
  node = node == TREE_NONE ? tree_root(tree) : tree_next(tree, node);
  while (node != TREE_NONE && !(lists(tree, node, "compatible", compatible) && is_enabled(tree, node)))
    node = tree_next(tree, node);
  return node;
}

uint32_t tree_cell(const struct tree *tree, tree_node node, const char *name, unsigned index,
                   uint32_t otherwise) {
  uint32_t bytes;
  const uint8_t *value = tree_property(tree, node, name, &bytes);
  return value == NULL || bytes < 4 * (index + 1) ? otherwise : word_of(value + 4 * (size_t)index);
}

bool tree_registers(const struct tree *tree, tree_node node, uint64_t *address, uint64_t *bytes) {
  uint32_t length;
  const uint8_t *value = tree_property(tree, node, "reg", &length);
  if (value == NULL || length < 16)
    return false;
  *address = (uint64_t)word_of(value) << 32 | word_of(value + 4);
  *bytes = (uint64_t)word_of(value + 8) << 32 | word_of(value + 12);
  return true;
}
