#include "elf.h"
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

static uint64_t rights_of(const struct segment *segment) {
  return ((segment->flags & SEGMENT_READ) != 0 ? MAP_READ : 0) |
         ((segment->flags & SEGMENT_WRITE) != 0 ? MAP_READ | MAP_WRITE : 0) |
         ((segment->flags & SEGMENT_EXECUTE) != 0 ? MAP_READ | MAP_EXECUTE : 0);
}

static bool fill(struct memory *memory, uint64_t at, const uint8_t *from, uint64_t bytes) {
  while (bytes > 0) {
    uint8_t *page;
    struct page_request request;
    uint64_t offset = at % PAGE_SIZE, part = PAGE_SIZE - offset < bytes ? PAGE_SIZE - offset : bytes;
    if (memory_page(memory, at / PAGE_SIZE, MAP_WRITE, (void **)&page, &request) != PAGE_PRESENT)
      return false;
    memcpy(page + offset, from, part);
    at += part;
    from += part;
    bytes -= part;
  }
  return true;
}

static bool load_segment(struct process *process, const uint8_t *image, uint64_t bytes,
                         const struct segment *segment) {
  if (segment->offset > bytes || segment->file_bytes > bytes - segment->offset ||
      segment->file_bytes > segment->memory_bytes || segment->address > USER_TOP ||
      segment->memory_bytes > USER_TOP - segment->address)
    return false;
  user_address start = page_down(segment->address);
  uint64_t pages = (page_up(segment->address + segment->memory_bytes) - start) / PAGE_SIZE;
  uint64_t rights = rights_of(segment);
  struct memory *memory;
  if (memory_create(process->quota, pages, 0, NULL, 0, 0, &memory) < 0)
    return false;
  bool loaded = fill(memory, segment->address - start, image + segment->offset, segment->file_bytes) &&
                address_space_map(&process->space, memory, start, 0, pages, rights, rights) == 0;
  object_release(&memory->object); // it stays as long as it is mapped
  return loaded;
}

bool elf_load(struct process *process, const uint8_t *image, uint64_t bytes, struct executable *executable) {
  struct file_header header; // copied: an archive aligns its files to 4 bytes only
  memcpy(&header, image, bytes < sizeof header ? bytes : sizeof header);
  if (!is_executable(&header, bytes))
    return false;
  *executable = (struct executable){
      .entry = header.entry, .segment_count = header.segment_count, .segment_bytes = header.segment_bytes};
  for (unsigned i = 0; i < header.segment_count; i++) {
    struct segment segment;
    memcpy(&segment, image + header.segment_table + i * sizeof segment, sizeof segment);
    if (segment.type != SEGMENT_LOAD || segment.memory_bytes == 0)
      continue;
    if (!load_segment(process, image, bytes, &segment))
      return false;
    if (segment.offset <= header.segment_table && header.segment_table < segment.offset + segment.file_bytes)
      executable->segments = segment.address + header.segment_table - segment.offset;
  }
  return true;
}
