// The compiler may call these two for plain C; the workload `copy` measures them.

#include "workload.h"

void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
  uint8_t *target = to;
  const uint8_t *source = from;
  if ((((uintptr_t)target ^ (uintptr_t)source) & 7) == 0) {
    for (; bytes > 0 && ((uintptr_t)target & 7) != 0; bytes--)
      *target++ = *source++;
    uint64_t *words = (uint64_t *)target;
    const uint64_t *source_words = (const uint64_t *)source;
    for (; bytes >= 32; bytes -= 32, words += 4, source_words += 4) {
      uint64_t a = source_words[0], b = source_words[1], c = source_words[2], d = source_words[3];
      words[0] = a, words[1] = b, words[2] = c, words[3] = d;
    }
    target = (uint8_t *)words;
    source = (const uint8_t *)source_words;
  }
  for (; bytes > 0; bytes--)
    *target++ = *source++;
  return to;
}

void *memset(void *to, int value, size_t bytes) {
  uint8_t *target = to;
  for (; bytes > 0 && ((uintptr_t)target & 7) != 0; bytes--)
    *target++ = (uint8_t)value;
  uint64_t pattern = (uint8_t)value * 0x0101010101010101u;
  for (; bytes >= 8; bytes -= 8, target += 8)
    *(uint64_t *)target = pattern;
  for (; bytes > 0; bytes--)
    *target++ = (uint8_t)value;
  return to;
}
