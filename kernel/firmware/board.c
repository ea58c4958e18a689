#include "board.h"
#include "layout.h"
#include "memory.h"

// Deeper nodes hold nothing of interest.
#define MAX_DEPTH 8

extern char firmware_start[], handover_start[];

// In .data, so that even a hart that waits for the boot hart to clear .bss can report a trap.
struct board board = {
    .harts = 1,
    .isa = "unknown",
    .ticks_per_second = 10000000,
    .memory = {{0x80000000, 128 << 20}},
    .memories = 1,
    .msip = 0x2000000,
    .mtimecmp = 0x2004000,
    .mtime = 0x200bff8,
    .uart = 0x10000000,
    .finisher = 0x100000,
};

// What the properties of one node have said so far.
struct node {
  const char *device_type;
  const char *isa;
  struct fdt_item compatible;
  struct fdt_item reg;
  uint32_t address_cells;
  uint32_t size_cells;
  bool disabled;
};

static void read_property(struct board *found, struct node *node, const struct fdt_item *property) {
  if (text_equal(property->name, "#address-cells"))
    node->address_cells = (uint32_t)fdt_number(property, 0, 1);
  else if (text_equal(property->name, "#size-cells"))
    node->size_cells = (uint32_t)fdt_number(property, 0, 1);
  else if (text_equal(property->name, "compatible"))
    node->compatible = *property;
  else if (text_equal(property->name, "reg"))
    node->reg = *property;
  else if (text_equal(property->name, "device_type"))
    node->device_type = fdt_text(property);
  else if (text_equal(property->name, "riscv,isa"))
    node->isa = fdt_text(property);
  else if (text_equal(property->name, "status"))
    node->disabled = !text_equal(fdt_text(property), "okay") && !text_equal(fdt_text(property), "ok");
  else if (text_equal(property->name, "timebase-frequency"))
    found->ticks_per_second = fdt_number(property, 0, property->bytes / 4);
}

// The index-th range of a node's `reg`; bytes 0 if there is none. Buses map their children one to one on this
// board.
static struct range reg(const struct node *node, const struct node *parent, uint32_t index) {
  uint32_t cells = parent->address_cells + parent->size_cells;
  if (cells == 0 || cells > 4 || node->reg.bytes / 4 / cells <= index)
    return (struct range){0};
  uint32_t first = index * cells;
  return (struct range){fdt_number(&node->reg, first, parent->address_cells),
                        fdt_number(&node->reg, first + parent->address_cells, parent->size_cells)};
}

static void adopt_hart(struct board *found, const struct node *node, const struct node *parent) {
  uint64_t id = fdt_number(&node->reg, 0, parent->address_cells);
  if (node->reg.bytes == 0 || id >= MAX_HARTS)
    return;
  if (found->harts == 0 && node->isa != 0)
    found->isa = node->isa;
  found->harts |= 1u << id;
}

static void adopt_memory(struct board *found, const struct node *node, const struct node *parent) {
  for (uint32_t i = 0; found->memories < MAX_MEMORIES; i++) {
    struct range range = reg(node, parent, i);
    if (range.bytes == 0)
      return;
    found->memory[found->memories++] = range;
  }
}

static void adopt_device(struct board *found, const struct node *node, const struct node *parent) {
  struct range first = reg(node, parent, 0);
  if (fdt_lists(&node->compatible, "ns16550a") && found->uart == 0) {
    found->uart = first.base;
  } else if (fdt_lists(&node->compatible, "sifive,test0") || fdt_lists(&node->compatible, "sifive,test1")) {
    found->finisher = first.base;
  } else if (fdt_lists(&node->compatible, "riscv,clint0") || fdt_lists(&node->compatible, "sifive,clint0")) {
    found->msip = first.base;
    found->mtimecmp = first.base + 0x4000;
    found->mtime = first.base + 0xbff8;
  } else if (fdt_lists(&node->compatible, "riscv,aclint-mswi")) {
    found->msip = first.base;
  } else if (fdt_lists(&node->compatible, "riscv,aclint-mtimer")) {
    found->mtime = first.base;
    found->mtimecmp = reg(node, parent, 1).base;
  }
}

static void adopt(struct board *found, const struct node *node, const struct node *parent) {
  if (node->disabled)
    return;
  if (node->device_type != 0 && text_equal(node->device_type, "cpu"))
    adopt_hart(found, node, parent);
  else if (node->device_type != 0 && text_equal(node->device_type, "memory"))
    adopt_memory(found, node, parent);
  else if (node->compatible.bytes != 0)
    adopt_device(found, node, parent);
}

bool board_discover(const struct fdt *tree) {
  struct board found = {.isa = "unknown"};
  struct node path[MAX_DEPTH];
  struct fdt_walk walk = {.tree = tree};
  struct fdt_item item;
  while (fdt_next(&walk, &item)) {
    if (item.depth > MAX_DEPTH)
      continue;
    struct node *node = &path[item.depth - 1];
    if (item.token == FDT_BEGIN_NODE)
      *node = (struct node){.address_cells = 2, .size_cells = 1};
    else if (item.token == FDT_PROPERTY)
      read_property(&found, node, &item);
    else if (item.depth > 1)
      adopt(&found, node, node - 1);
  }
  if (item.token != FDT_END || found.harts == 0 || found.memories == 0)
    return false;
  board = found;
  return true;
}

struct range firmware_memory(void) {
  return (struct range){(uint64_t)firmware_start, (uint64_t)(handover_start - firmware_start)};
}

bool board_is_supervisor_memory(uint64_t base, uint64_t bytes) {
  if (bytes == 0)
    return true;
  if (base > UINT64_MAX - bytes)
    return false;
  struct range own = firmware_memory();
  if (base < own.base + own.bytes && own.base < base + bytes)
    return false;
  for (unsigned i = 0; i < board.memories; i++) {
    const struct range *memory = &board.memory[i];
    if (base >= memory->base && bytes <= memory->bytes && base - memory->base <= memory->bytes - bytes)
      return true;
  }
  return false;
}
