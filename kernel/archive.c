#include "archive.h"
#include "layout.h"
#include "string.h"

#define HEADER_BYTES 110
#define TYPE_MASK    0170000
#define REGULAR_FILE 0100000

// Which of the 8-digit fields after the magic number is which.
enum field { MODE = 1, FILE_SIZE = 6, NAME_SIZE = 11 };

static const uint8_t *archive;
static uint64_t archive_bytes;

struct fdt_range archive_range(void) {
  fdt_node chosen = fdt_find_path("/chosen");
  if (chosen == FDT_NONE)
    return (struct fdt_range){0, 0};
  uint64_t start = fdt_number(chosen, "linux,initrd-start", 0);
  uint64_t end = fdt_number(chosen, "linux,initrd-end", 0);
  return (struct fdt_range){start, end > start ? end - start : 0};
}

void archive_open(struct fdt_range range) {
  archive = physical_to_kernel(range.address);
  archive_bytes = range.bytes;
}

static uint64_t align4(uint64_t offset) { return (offset + 3) & ~3ul; }

// A field of the header at `header`; eight hexadecimal digits.
static uint64_t field(const uint8_t *header, enum field index) {
  uint64_t value = 0;
  for (unsigned i = 0; i < 8; i++) {
    uint8_t digit = header[6 + 8 * index + i];
    value = value << 4 | (uint64_t)(digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
  }
  return value;
}

// Reads the member at `*offset` and moves `*offset` behind it. Returns false at the end, or at what is no
// member.
static bool next_member(uint64_t *offset, uint64_t *mode, struct program *member) {
  const uint8_t *header = archive + *offset;
  if (archive_bytes < HEADER_BYTES || *offset > archive_bytes - HEADER_BYTES ||
      memcmp(header, "070701", 6) != 0)
    return false;
  uint64_t name_bytes = field(header, NAME_SIZE), file_bytes = field(header, FILE_SIZE);
  uint64_t data = align4(*offset + HEADER_BYTES + name_bytes);
  if (name_bytes == 0 || data > archive_bytes || file_bytes > archive_bytes - data)
    return false;
  member->name = (const char *)header + HEADER_BYTES;
  member->image = archive + data;
  member->bytes = file_bytes;
  *mode = field(header, MODE);
  *offset = align4(data + file_bytes);
  return member->name[name_bytes - 1] == 0 && !string_equals(member->name, "TRAILER!!!");
}

bool archive_find(const char *name, struct program *program) {
  uint64_t mode;
  for (uint64_t offset = 0; next_member(&offset, &mode, program);) {
    if ((mode & TYPE_MASK) == REGULAR_FILE && string_equals(program->name, name))
      return true;
  }
  return false;
}
