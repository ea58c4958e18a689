#include "string.h"

void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
  char *out = to;
  const char *in = from;
  for (size_t i = 0; i < bytes; i++)
    out[i] = in[i];
  return to;
}

void *memmove(void *to, const void *from, size_t bytes) {
  char *out = to;
  const char *in = from;
  if (out <= in)
    return memcpy(to, from, bytes);
  while (bytes-- > 0)
    out[bytes] = in[bytes];
  return to;
}

void *memset(void *to, int value, size_t bytes) {
  char *out = to;
  for (size_t i = 0; i < bytes; i++)
    out[i] = (char)value;
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

size_t strlen(const char *string) {
  size_t length = 0;
  while (string[length] != 0)
    length++;
  return length;
}

int strcmp(const char *left, const char *right) {
  while (*left != 0 && *left == *right)
    left++, right++;
  return (uint8_t)*left - (uint8_t)*right;
}

bool parse_number(const char *text, uint64_t most, uint64_t *number) {
  uint64_t value = 0;
  if (*text == 0)
    return false;
  for (; *text != 0; text++) {
    unsigned digit = (unsigned)(*text - '0');
    if (digit > 9 || value > (most - digit) / 10)
      return false;
    value = value * 10 + digit;
  }
  *number = value;
  return true;
}
