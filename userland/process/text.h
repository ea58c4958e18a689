// Texts that grow, and files that read as one.
#pragma once

#include "file.h"

struct text {
  char *bytes;
  size_t used, size;
  bool failed; // there was no memory
};

void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_add_bytes(struct text *text, const char *bytes, size_t count);

// A file that reads as the text, whose memory it takes. 0 or -ENOMEM.
int64_t text_open(struct text *text, uint32_t flags, const char *path, struct file **file);

// A directory that lists names.
struct listing {
  struct text names; // each a byte of DT_*, the name, and a null byte
};
void listing_add(struct listing *listing, const char *name, uint8_t type);
int64_t listing_open(struct listing *listing, const char *path, struct file **file);
