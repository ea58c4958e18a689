#include "memory.h"

void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
  char *target = to;
  const char *source = from;
  while (bytes-- > 0)
    *target++ = *source++;
  return to;
}

void *memset(void *to, int byte, size_t bytes) {
  char *target = to;
  while (bytes-- > 0)
    *target++ = (char)byte;
  return to;
}

size_t text_length(const char *text) {
  size_t length = 0;
  while (text[length] != '\0')
    length++;
  return length;
}

bool text_equal(const char *a, const char *b) {
  for (; *a == *b; a++, b++)
    if (*a == '\0')
      return true;
  return false;
}
