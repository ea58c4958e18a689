#include "string.h"

// The compiler calls these four itself, for copying and comparing structures.

void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
  uint8_t *out = to;
  const uint8_t *in = from;
  // Pages and structures are aligned; eight bytes at a time makes the difference when a page is copied.
  if ((((uintptr_t)out | (uintptr_t)in) & 7) == 0) {
    for (; bytes >= 8; bytes -= 8, out += 8, in += 8)
      *(uint64_t *)out = *(const uint64_t *)in;
  }
  while (bytes-- > 0)
    *out++ = *in++;
  return to;
}

void *memmove(void *to, const void *from, size_t bytes) {
  uint8_t *out = to;
  const uint8_t *in = from;
  if (out <= in)
    return memcpy(to, from, bytes);
  while (bytes-- > 0)
    out[bytes] = in[bytes];
  return to;
}

void *memset(void *to, int value, size_t bytes) {
  uint8_t *out = to;
  if (((uintptr_t)out & 7) == 0) {
    uint64_t word = 0x0101010101010101 * (uint8_t)value;
    for (; bytes >= 8; bytes -= 8, out += 8)
      *(uint64_t *)out = word;
  }
  while (bytes-- > 0)
    *out++ = (uint8_t)value;
  return to;
}

int memcmp(const void *left, const void *right, size_t bytes) {
  const uint8_t *a = left, *b = right;
  for (; bytes > 0; bytes--, a++, b++) {
    if (*a != *b)
      return *a - *b;
  }
  return 0;
}

size_t string_length(const char *string) {
  size_t length = 0;
  while (string[length] != 0)
    length++;
  return length;
}

bool string_equals(const char *left, const char *right) {
  for (; *left == *right; left++, right++) {
    if (*left == 0)
      return true;
  }
  return false;
}
