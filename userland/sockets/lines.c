#include "lines.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// Reads more behind what is there. Whether there is more.
static int refill(struct lines *lines) {
  size_t left = lines->end - lines->start;
  memmove(lines->data, lines->data + lines->start, left);
  lines->start = 0;
  lines->end = left;
  ssize_t count;
  do
    count = read(lines->descriptor, lines->data + left, LINE_BYTES - left);
  while (count < 0 && errno == EINTR);
  if (count > 0)
    lines->end += (size_t)count;
  return count > 0;
}

char *lines_next(struct lines *lines) {
  for (;;) {
    char *line = lines->data + lines->start;
    char *newline = memchr(line, '\n', lines->end - lines->start);
    if (newline != NULL) {
      *newline = '\0';
      lines->start = (size_t)(newline - lines->data) + 1;
      return line;
    }
    if (lines->end - lines->start == LINE_BYTES || !refill(lines))
      return NULL;
  }
}

size_t lines_take(struct lines *lines, void *buffer, size_t bytes) {
  size_t taken = 0;
  while (taken < bytes) {
    size_t here = lines->end - lines->start;
    if (here == 0 && !refill(lines))
      break;
    here = lines->end - lines->start;
    if (here > bytes - taken)
      here = bytes - taken;
    memcpy((char *)buffer + taken, lines->data + lines->start, here);
    lines->start += here;
    taken += here;
  }
  return taken;
}

int write_all(int descriptor, const void *data, size_t bytes) {
  const char *rest = data;
  while (bytes > 0) {
    ssize_t count = write(descriptor, rest, bytes);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return -errno;
    rest += count;
    bytes -= (size_t)count;
  }
  return 0;
}

int say(int descriptor, const char *format, ...) {
  char line[LINE_BYTES];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (length < 0 || length >= LINE_BYTES)
    return -EMSGSIZE;
  return write_all(descriptor, line, (size_t)length);
}
