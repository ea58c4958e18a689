// Reads a flattened device tree (Devicetree Specification 0.4, chapter 5).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tree {
  const uint8_t *blob;
  uint32_t structure, strings; // offsets in the blob
};

// A node, named by the offset of its FDT_BEGIN_NODE token; TREE_NONE is none, TREE_ROOT the first.
typedef uint32_t tree_node;
#define TREE_NONE 0u

#define TREE_BYTES (1ul << 20) // room for any board's

// Reads the board's device tree, as far as there are TREE_BYTES of room. Returns its length. Needs the
// machine with RIGHT_READ.
size_t tree_read(uint8_t *blob);

// Takes up a blob of `bytes` bytes. Returns false if it is no device tree.
bool tree_open(const void *blob, size_t bytes, struct tree *tree);

tree_node tree_root(const struct tree *tree);

// The node behind `node` in the tree's order, parents before children, or TREE_NONE.
tree_node tree_next(const struct tree *tree, tree_node node);

// The first child of the root with that name, or TREE_NONE.
tree_node tree_child_of_root(const struct tree *tree, const char *name);

// The next enabled node behind `node` (TREE_NONE: from the start) that lists `compatible`, or TREE_NONE.
tree_node tree_compatible(const struct tree *tree, tree_node node, const char *compatible);

// A property's value, or NULL.
const void *tree_property(const struct tree *tree, tree_node node, const char *name, uint32_t *bytes);

// A property's `index`th 32-bit cell, or `otherwise` when it has not that many.
uint32_t tree_cell(const struct tree *tree, tree_node node, const char *name, unsigned index,
                   uint32_t otherwise);

// The first address and size in `reg` of a node on a bus with two cells of each, as `virt`'s is. False if it
// has none.
bool tree_registers(const struct tree *tree, tree_node node, uint64_t *address, uint64_t *bytes);
