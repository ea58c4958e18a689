#include "fdt.h"
#include "memory.h"

// Names of the properties added, as they are appended to the strings block.
static const char names[] = "#address-cells\0#size-cells\0ranges\0no-map\0reg";
enum name { NAME_ADDRESS_CELLS = 0, NAME_SIZE_CELLS = 15, NAME_RANGES = 27, NAME_NO_MAP = 34, NAME_REG = 41 };

// The most that the addition takes in the structure block: two nodes, five properties.
#define ADDITION_BYTES    192
#define RESERVATION_BYTES 16

// Where the addition goes in the structure block, and how numbers are written there.
struct place {
  uint32_t offset;
  uint32_t address_cells;
  uint32_t size_cells;
  // Whether the place is in a /reserved-memory that already exists, not in the root.
  bool in_parent;
};

static bool find_place(const struct fdt *tree, struct place *place) {
  struct fdt_walk walk = {.tree = tree};
  struct fdt_item item;
  bool inside = false;
  *place = (struct place){.address_cells = 2, .size_cells = 1};
  while (fdt_next(&walk, &item)) {
    if (item.token == FDT_BEGIN_NODE && item.depth == 2)
      inside = text_equal(item.name, "reserved-memory");
    // A new /reserved-memory takes over the root's cells; one that exists has its own, after the root's.
    if (item.token == FDT_PROPERTY && (item.depth == 1 || (inside && item.depth == 2))) {
      if (text_equal(item.name, "#address-cells"))
        place->address_cells = (uint32_t)fdt_number(&item, 0, 1);
      else if (text_equal(item.name, "#size-cells"))
        place->size_cells = (uint32_t)fdt_number(&item, 0, 1);
    }
    if (item.token == FDT_END_NODE && (inside ? item.depth == 2 : item.depth == 1 && !place->in_parent)) {
      place->offset = item.offset;
      place->in_parent = inside;
      inside = false;
    }
  }
  return item.token == FDT_END && place->address_cells <= 4 && place->size_cells <= 4;
}

static void put_cell(uint8_t **at, uint32_t cell) {
  uint32_t bytes = __builtin_bswap32(cell);
  memcpy(*at, &bytes, 4);
  *at += 4;
}

static void put_number(uint8_t **at, uint64_t number, uint32_t cells) {
  for (; cells > 2; cells--)
    put_cell(at, 0);
  if (cells == 2)
    put_cell(at, (uint32_t)(number >> 32));
  if (cells > 0)
    put_cell(at, (uint32_t)number);
}

static void put_block(uint8_t **at, const void *block, uint32_t bytes) {
  memcpy(*at, block, bytes);
  *at += bytes;
}

static void put_padded(uint8_t **at, const char *text) {
  put_block(at, text, (uint32_t)text_length(text) + 1);
  while ((uint64_t)*at % 4 != 0)
    *(*at)++ = 0;
}

static void put_property(uint8_t **at, uint32_t name, uint32_t bytes) {
  put_cell(at, FDT_PROPERTY);
  put_cell(at, bytes);
  put_cell(at, name);
}

// `first_name`: where `names` begins in the strings block.
static void put_addition(uint8_t **at, const struct place *place, uint32_t first_name, uint64_t base,
                         uint64_t bytes) {
  if (!place->in_parent) {
    put_cell(at, FDT_BEGIN_NODE);
    put_padded(at, "reserved-memory");
    put_property(at, first_name + NAME_ADDRESS_CELLS, 4);
    put_cell(at, place->address_cells);
    put_property(at, first_name + NAME_SIZE_CELLS, 4);
    put_cell(at, place->size_cells);
    put_property(at, first_name + NAME_RANGES, 0);
  }
  put_cell(at, FDT_BEGIN_NODE);
  char node[] = "firmware@0000000000000000";
  char *digit = &node[sizeof node - 1];
  char *first = &node[sizeof "firmware@" - 1];
  for (uint64_t rest = base; digit > first && rest != 0; rest /= 16)
    *--digit = "0123456789abcdef"[rest % 16];
  memcpy(first, digit, (size_t)(&node[sizeof node] - digit));
  put_padded(at, node);
  put_property(at, first_name + NAME_REG, 4 * (place->address_cells + place->size_cells));
  put_number(at, base, place->address_cells);
  put_number(at, bytes, place->size_cells);
  put_property(at, first_name + NAME_NO_MAP, 0);
  put_cell(at, FDT_END_NODE);
  if (!place->in_parent)
    put_cell(at, FDT_END_NODE);
}

static bool is_last_reservation(const uint8_t *entry) {
  for (unsigned i = 0; i < RESERVATION_BYTES; i++)
    if (entry[i] != 0)
      return false;
  return true;
}

// Bytes of the memory reservation block with the entry of zeros that ends it, or 0 if there is no such entry.
static uint32_t reservations_bytes(const struct fdt *tree) {
  for (uint32_t end = RESERVATION_BYTES; end <= tree->bytes - tree->reservations; end += RESERVATION_BYTES)
    if (is_last_reservation(tree->blob + tree->reservations + end - RESERVATION_BYTES))
      return end;
  return 0;
}

bool fdt_copy_reserving(const struct fdt *tree, void *copy, size_t room, uint64_t base, uint64_t bytes) {
  struct place place;
  uint32_t reservations = reservations_bytes(tree);
  uint64_t most = (uint64_t)FDT_HEADER_BYTES + reservations + tree->structure_bytes + ADDITION_BYTES +
                  tree->strings_bytes + sizeof names;
  if (reservations == 0 || most > room || !find_place(tree, &place))
    return false;

  uint8_t *start = copy;
  uint8_t *at = start + FDT_HEADER_BYTES;
  put_block(&at, tree->blob + tree->reservations, reservations);

  uint8_t *structure = at;
  const uint8_t *original = tree->blob + tree->structure;
  put_block(&at, original, place.offset);
  put_addition(&at, &place, tree->strings_bytes, base, bytes);
  put_block(&at, original + place.offset, tree->structure_bytes - place.offset);

  uint8_t *strings = at;
  put_block(&at, tree->blob + tree->strings, tree->strings_bytes);
  put_block(&at, names, sizeof names);

  uint8_t *header = start;
  put_cell(&header, FDT_MAGIC);
  put_cell(&header, (uint32_t)(at - start));
  put_cell(&header, (uint32_t)(structure - start));
  put_cell(&header, (uint32_t)(strings - start));
  put_cell(&header, FDT_HEADER_BYTES);
  put_cell(&header, FDT_VERSION);
  put_cell(&header, FDT_COMPATIBLE_VERSION);
  put_cell(&header, tree->boot_cpu);
  put_cell(&header, (uint32_t)(at - strings));
  put_cell(&header, (uint32_t)(strings - structure));
  return true;
}
