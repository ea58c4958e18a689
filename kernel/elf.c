#include "elf.h"
#include "abi/system_call.h"
#include "string.h"

#define CLASS_64           2
#define DATA_LITTLE_ENDIAN 1
#define TYPE_EXECUTABLE    2
#define MACHINE_RISCV      243
#define SEGMENT_LOAD       1

enum segment_flags { SEGMENT_EXECUTE = 1, SEGMENT_WRITE = 2, SEGMENT_READ = 4 };

struct file_header {
  uint8_t magic[4];
  uint8_t class, data, version, abi, padding[8];
  uint16_t type, machine;
  uint32_t file_version;
  uint64_t entry, segment_table, section_table;
  uint32_t flags;
  uint16_t header_bytes, segment_bytes, segment_count, section_bytes, section_count, names;
};

struct segment {
  uint32_t type, flags;
  uint64_t offset, address, physical_address, file_bytes, memory_bytes, alignment;
};

static bool is_executable(const struct file_header *header, uint64_t bytes) {
  return bytes >= sizeof *header && memcmp(header->magic, "\177ELF", 4) == 0 && header->class == CLASS_64 &&
         header->data == DATA_LITTLE_ENDIAN && header->type == TYPE_EXECUTABLE &&
         header->machine == MACHINE_RISCV && header->segment_bytes == sizeof(struct segment) &&
         header->segment_table <= bytes &&
         (bytes - header->segment_table) / sizeof(struct segment) >= header->segment_count;
}

static int64_t load_segment(struct address_space *space, const uint8_t *image, uint64_t bytes,
                            const struct segment *segment) {
  if (segment->offset > bytes || segment->file_bytes > bytes - segment->offset ||
      segment->file_bytes > segment->memory_bytes || segment->address > USER_TOP ||
      segment->memory_bytes > USER_TOP - segment->address)
    return ERROR_NOT_EXECUTABLE;
  struct region region = {
      .start = page_down(segment->address),
      .end = page_up(segment->address + segment->memory_bytes),
      .permissions = ((segment->flags & SEGMENT_READ) != 0 ? VM_READ : 0) |
                     ((segment->flags & SEGMENT_WRITE) != 0 ? VM_READ | VM_WRITE : 0) |
                     ((segment->flags & SEGMENT_EXECUTE) != 0 ? VM_EXECUTE : 0),
  };
  if (!address_space_add(space, region))
    return ERROR_NOT_EXECUTABLE;
  bool loaded = address_space_load(space, segment->address, image + segment->offset, segment->file_bytes);
  return loaded ? 0 : ERROR_NO_MEMORY;
}

int64_t elf_load(struct address_space *space, const uint8_t *image, uint64_t bytes, user_address *entry,
                 user_address *end) {
  struct file_header header; // copied: an archive aligns its files to 4 bytes only
  memcpy(&header, image, bytes < sizeof header ? bytes : sizeof header);
  if (!is_executable(&header, bytes))
    return ERROR_NOT_EXECUTABLE;
  *entry = header.entry;
  *end = 0;
  for (unsigned i = 0; i < header.segment_count; i++) {
    struct segment segment;
    memcpy(&segment, image + header.segment_table + i * sizeof segment, sizeof segment);
    if (segment.type != SEGMENT_LOAD || segment.memory_bytes == 0)
      continue;
    int64_t error = load_segment(space, image, bytes, &segment);
    if (error < 0)
      return error;
    user_address segment_end = page_up(segment.address + segment.memory_bytes);
    *end = segment_end > *end ? segment_end : *end;
  }
  return *end == 0 ? ERROR_NOT_EXECUTABLE : 0;
}
