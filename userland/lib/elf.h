// Loads static ELF executables for riscv64, position-independent ones too, into processes.
// ELF-64 Object File Format 1.5; System V ABI, RISC-V supplement.
#pragma once

#include "lib/handles.h"
#include <stddef.h>

// Where the file's bytes come from. `read` returns 0 when it has stored all of them, or a negative error.
struct elf_source {
  int64_t (*read)(void *context, uint64_t offset, void *to, size_t bytes);
  void *context;
};

struct elf_segment {
  uint64_t address; // page-aligned, as `pages` is
  uint64_t pages;
  uint64_t file_offset, file_bytes; // what it begins with, `skew` bytes behind its start; the rest is zero
  uint64_t skew;
  uint32_t rights; // MAP_*
};

#define ELF_SEGMENTS 8

struct elf_image {
  uint64_t entry;
  uint64_t headers, header_count, header_bytes; // AT_PHDR, AT_PHNUM, AT_PHENT
  uint64_t start, end;                          // the pages all segments lie in
  unsigned segment_count;
  struct elf_segment segments[ELF_SEGMENTS]; // by ascending address, no page in two of them
};

// Reads the headers. `bias` is the address a position-independent program goes to, a multiple of the page
// size; every segment must lie in [4 KiB, limit). Returns 0, -ENOEXEC if it is no such program, or the
// source's error.
int64_t elf_read(const struct elf_source *source, uint64_t bias, uint64_t limit, struct elf_image *image);

// Makes the memory object for a segment, of segment->pages zeroed pages, and returns a handle that the loader
// may map for writing and the process by segment->rights; or an error.
typedef int64_t elf_create_memory(void *context, const struct elf_segment *segment);

// Fills and maps every segment into the process. Handles stay the creator's to delete, those made before an
// error too. Returns 0 or an error.
int64_t elf_load(const struct elf_source *source, const struct elf_image *image, handle_t process,
                 elf_create_memory *create, void *context);
