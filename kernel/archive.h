// The programs that came with the kernel: a cpio archive ("newc") in the initial RAM disk.
#pragma once

#include "fdt.h"
#include "types.h"

struct program {
  const char *name;
  const uint8_t *image;
  uint64_t bytes;
};

// The physical memory that /chosen says the archive is in; empty when there is none.
struct fdt_range archive_range(void);

// Takes up the archive there.
void archive_open(struct fdt_range range);

// The regular file of that name. Returns false when there is none.
bool archive_find(const char *name, struct program *program);
