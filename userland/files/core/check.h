// The consistency checker: every block has one owner, every inode the links that name it, every directory is
// in one place, and bitmaps and counts say so. It looks at a disk that nobody changes and that was mounted
// before, so that the journal is replayed.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format.h"

struct files_check {
  bool (*read)(void *context, uint32_t number, void *block); // false: the disk cannot
  void (*report)(void *context, const char *message);        // one line for what is wrong, without its end
  void *context;
};

// Bytes that checking a disk needs.
size_t files_check_memory(const struct files_layout *layout);

// Checks a disk with `memory` of that size, aligned to 8 bytes. Answers how many problems there are; each was
// reported.
uint32_t files_check(const struct files_check *check, const struct files_layout *layout, void *memory);
