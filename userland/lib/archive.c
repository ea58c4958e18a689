#include "lib/archive.h"
#include <string.h>
#include <sys/stat.h>

#define HEADER_BYTES 110

// Which of the 8-digit fields after the magic number is which.
enum field {
  MODE = 1,
  USER = 2,
  GROUP = 3,
  LINKS = 4,
  MODIFIED = 5,
  FILE_BYTES = 6,
  DEVICE_MAJOR = 9,
  DEVICE_MINOR = 10,
  NAME_BYTES = 11
};

static size_t align4(size_t offset) { return (offset + 3) & ~3ul; }

// A field of the header; eight hexadecimal digits.
static uint32_t field(const uint8_t *header, enum field index) {
  uint32_t value = 0;
  for (unsigned i = 0; i < 8; i++) {
    uint8_t digit = header[6 + 8 * index + i];
    value = value << 4 | (uint32_t)(digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
  }
  return value;
}

bool archive_next(const uint8_t *archive, size_t bytes, size_t *offset, struct archive_member *member) {
  if (bytes < HEADER_BYTES || *offset > bytes - HEADER_BYTES)
    return false;
  const uint8_t *header = archive + *offset;
  if (memcmp(header, "070701", 6) != 0)
    return false;
  uint64_t name_bytes = field(header, NAME_BYTES), file_bytes = field(header, FILE_BYTES);
  size_t data = align4(*offset + HEADER_BYTES + name_bytes);
  if (name_bytes == 0 || data > bytes || file_bytes > bytes - data)
    return false;
  *member = (struct archive_member){
      .name = (const char *)header + HEADER_BYTES,
      .mode = field(header, MODE),
      .user = field(header, USER),
      .group = field(header, GROUP),
      .links = field(header, LINKS),
      .modified = field(header, MODIFIED),
      .major = field(header, DEVICE_MAJOR),
      .minor = field(header, DEVICE_MINOR),
      .data = archive + data,
      .bytes = file_bytes,
  };
  *offset = align4(data + file_bytes);
  return member->name[name_bytes - 1] == 0 && strcmp(member->name, "TRAILER!!!") != 0;
}

static const char *plain(const char *name) {
  if (name[0] == '.' && name[1] == '/')
    name++;
  while (*name == '/')
    name++;
  return name;
}

bool archive_find(const uint8_t *archive, size_t bytes, const char *name, struct archive_member *member) {
  for (size_t offset = 0; archive_next(archive, bytes, &offset, member);) {
    if (S_ISREG(member->mode) && strcmp(plain(member->name), plain(name)) == 0)
      return true;
  }
  return false;
}
