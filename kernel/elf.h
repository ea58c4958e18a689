// Loads the first process's executable: a static RISC-V ELF file.
#pragma once

#include "process.h"
#include "types.h"

// What the program itself has to know of its file.
struct executable {
  user_address entry;
  user_address segments; // where the table of segments is mapped, or 0
  uint64_t segment_count, segment_bytes;
};

// Maps a memory object for each loadable segment and fills it. Returns false if the image is not such a file,
// or memory is out.
bool elf_load(struct process *process, const uint8_t *image, uint64_t bytes, struct executable *executable);
