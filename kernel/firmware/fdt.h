#pragma once
// Flattened device trees (devicetree specification 0.4, chapter 5): a reader that walks the structure block,
// and the one change that the firmware makes.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FDT_MAGIC        0xd00dfeed
#define FDT_HEADER_BYTES 40
#define FDT_VERSION      17
// The oldest version whose readers understand what version 17 says.
#define FDT_COMPATIBLE_VERSION 16

struct fdt {
  const uint8_t *blob;
  uint32_t bytes;
  uint32_t structure;
  uint32_t structure_bytes;
  uint32_t strings;
  uint32_t strings_bytes;
  uint32_t reservations;
  uint32_t boot_cpu;
};

enum fdt_token {
  FDT_MALFORMED = 0,
  FDT_BEGIN_NODE = 1,
  FDT_END_NODE = 2,
  FDT_PROPERTY = 3,
  FDT_NOP = 4,
  FDT_END = 9,
};

struct fdt_item {
  enum fdt_token token;
  // Of the node that begins, ends or has the property: 1 for the root.
  uint32_t depth;
  // Where the token stands in the structure block.
  uint32_t offset;
  // Of a node or property.
  const char *name;
  // Of a property.
  const uint8_t *value;
  uint32_t bytes;
};

struct fdt_walk {
  const struct fdt *tree;
  uint32_t position;
  uint32_t depth;
};

// Checks the header and the extent of the blocks of the tree at `address`, which need not be accessible.
// False if there is no tree.
bool fdt_open(struct fdt *tree, uint64_t address);

// The next item of a walk that starts as {.tree = tree}. False when there is none: at the end, when `item`
// says FDT_END, or where the tree is malformed, when it says FDT_MALFORMED. FDT_NOP is skipped, nodes come
// balanced, and properties only within nodes.
bool fdt_next(struct fdt_walk *walk, struct fdt_item *item);

// A number of `cells` 32-bit cells from `first` on, its low 64 bits; 0 if the property is shorter.
uint64_t fdt_number(const struct fdt_item *property, uint32_t first, uint32_t cells);

// The property as a string; empty if it is not one.
const char *fdt_text(const struct fdt_item *property);

// Whether a property that is a list of strings contains `text`.
bool fdt_lists(const struct fdt_item *property, const char *text);

// Writes to `copy` (8-byte aligned) the tree with [base, base + bytes) added under /reserved-memory as
// `no-map`, so that the operating system neither uses nor maps it. False if `room` bytes do not hold it or
// the tree is malformed.
bool fdt_copy_reserving(const struct fdt *tree, void *copy, size_t room, uint64_t base, uint64_t bytes);
