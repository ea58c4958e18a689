// Reads a cpio archive ("newc"), in memory.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct archive_member {
  const char *name;                                          // ended by a null byte
  uint32_t mode, user, group, links, modified, major, minor; // major, minor: of a device it stands for
  const uint8_t *data;
  uint64_t bytes;
};

// Reads the member at *offset, which begins at 0, and moves *offset behind it. False at the archive's end, or
// at what is no member.
bool archive_next(const uint8_t *archive, size_t bytes, size_t *offset, struct archive_member *member);

// The regular file of that name (a leading "/" or "./" does not count). False if there is none.
bool archive_find(const uint8_t *archive, size_t bytes, const char *name, struct archive_member *member);
