// Protocols of lines: requests and answers that end with a newline, and bytes whose number a line has
// announced.
#pragma once

#include <stddef.h>
#include <sys/types.h>

enum { LINE_BYTES = 512 };

// What has been read from `descriptor` and not yet taken. Begin with {.descriptor = ...}.
struct lines {
  int descriptor;
  size_t start, end;
  char data[LINE_BYTES];
};

// The next line, without its newline; valid until the next call. Null at the end, on errors, and when the
// line is longer than LINE_BYTES: from such a partner nothing more can be understood.
char *lines_next(struct lines *lines);

// The next `bytes` bytes, or fewer when the partner ends before. Returns how many.
size_t lines_take(struct lines *lines, void *buffer, size_t bytes);

// Writes all of it. Returns 0 or -errno.
int write_all(int descriptor, const void *data, size_t bytes);

// Writes a formatted line, whose newline is part of `format`. Returns 0 or -errno.
int say(int descriptor, const char *format, ...) __attribute__((format(printf, 2, 3)));
