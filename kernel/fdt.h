// Reads the flattened device tree that the firmware hands over (Devicetree Specification 0.4, chapter 5).
#pragma once

#include "types.h"

// A node, named by the offset of its FDT_BEGIN_NODE token in the structure block.
typedef int32_t fdt_node;
#define FDT_NONE (-1)

struct fdt_range {
  uint64_t address, bytes;
};

// Takes up the tree at a physical address. Returns false if there is no device tree.
bool fdt_open(physical_address blob);

// The physical memory that the tree itself occupies.
struct fdt_range fdt_blob(void);

// The node after `node` in the tree's order (parents before children), or FDT_NONE. The root is node 0.
fdt_node fdt_next(fdt_node node);
fdt_node fdt_parent(fdt_node node);

// The node at a path without unit addresses left out, such as "/chosen", or FDT_NONE.
fdt_node fdt_find_path(const char *path);

// The first node after `node` that lists `compatible` and is not disabled, or FDT_NONE.
fdt_node fdt_find_compatible(fdt_node node, const char *compatible);

// The node with that `phandle`, or FDT_NONE.
fdt_node fdt_find_phandle(uint32_t phandle);

// A property's value, or NULL when the node has none of that name.
const void *fdt_property(fdt_node node, const char *name, uint32_t *bytes);

// The property as a string list has `text` among its strings.
bool fdt_lists(fdt_node node, const char *name, const char *text);

// The property's first one or two 32-bit cells as a number, or `otherwise` when there is no such property.
uint64_t fdt_number(fdt_node node, const char *name, uint64_t otherwise);

// The 32-bit cell at an index of a property's value.
uint32_t fdt_cell(const void *value, unsigned index);

// The `index`th address and size in `reg`, read by the parent's #address-cells and #size-cells. Returns false
// past the last one.
bool fdt_reg(fdt_node node, unsigned index, struct fdt_range *range);

// The `index`th entry of the memory reservation block. Returns false past the last one.
bool fdt_reservation(unsigned index, struct fdt_range *range);

// Whether the node's `status` lets it be used.
bool fdt_is_enabled(fdt_node node);
