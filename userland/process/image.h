// Executables in memory: their read-only parts are shared by all processes that execute them, and stay for
// the next one.
#pragma once

#include "backing.h"
#include "lib/elf.h"
#include "task.h"
#include <sys/stat.h>

struct image {
  uint32_t references;
  uint64_t device, inode, bytes;
  struct timespec modified;
  struct elf_image elf;
  struct backing *text;             // pages of all read-only segments, one after the other
  uint8_t *data[ELF_SEGMENTS];      // what writable segments begin with
  uint64_t text_page[ELF_SEGMENTS]; // where in `text` a read-only segment begins
  struct image *next;
};

// The image of an open file; ENOEXEC if it is none. With a reference.
int64_t image_open(uint64_t number, const struct stat *stat, struct image **image);
void image_release(struct image *image);
