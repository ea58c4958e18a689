// Byte loads and short loops: comparing, searching, folding case and CRC-32 over generated text.

#include "workload.h"

enum { TEXT_BYTES = 8192, WORDS = 16 };

static const char *const words[WORDS] = {
    "trap",    "frame", "hart",   "supervisor", "page", "walk",       "fence", "lode",
    "machine", "user",  "retire", "delegate",   "Sv39", "superpages", "satp",  "wfi",
};

static char text[TEXT_BYTES + 1];
static char folded[TEXT_BYTES + 1];
static uint32_t crc_table[256];

static size_t length(const char *string) {
  const char *end = string;
  while (*end != 0)
    end++;
  return (size_t)(end - string);
}

static int compare(const char *a, const char *b) {
  while (*a != 0 && *a == *b)
    a++, b++;
  return (uint8_t)*a - (uint8_t)*b;
}

static const char *find(const char *haystack, const char *needle) {
  for (; *haystack != 0; haystack++) {
    const char *a = haystack, *b = needle;
    while (*b != 0 && *a == *b)
      a++, b++;
    if (*b == 0)
      return haystack;
  }
  return NULL;
}

static uint32_t crc32(const char *bytes, size_t count) {
  uint32_t crc = 0xffffffff;
  for (size_t i = 0; i < count; i++)
    crc = crc_table[(crc ^ (uint8_t)bytes[i]) & 255] ^ crc >> 8;
  return ~crc;
}

static void prepare(void) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; bit++)
      crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
    crc_table[byte] = crc;
  }
  uint64_t random = 0x9e3779b97f4a7c15;
  size_t used = 0;
  for (;;) {
    const char *word = words[next_random(&random) % WORDS];
    size_t bytes = length(word);
    if (used + bytes + 1 > TEXT_BYTES)
      break;
    memcpy(text + used, word, bytes);
    text[used + bytes] = ' ';
    used += bytes + 1;
  }
  text[used] = 0;
}

static uint64_t run(void) {
  size_t bytes = length(text);
  uint64_t checksum = crc32(text, bytes);
  for (int word = 0; word < WORDS; word++) {
    uint64_t found = 0;
    for (const char *at = find(text, words[word]); at != NULL; at = find(at + 1, words[word]))
      found++;
    checksum = fold(checksum, found);
  }
  for (size_t i = 0; i <= bytes; i++)
    folded[i] = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A') : text[i];
  checksum = fold(checksum, crc32(folded, bytes));
  for (int a = 0; a < WORDS; a++)
    for (int b = 0; b < WORDS; b++)
      checksum = fold(checksum, compare(words[a], words[b]) < 0);
  return checksum;
}

const struct workload workload = {
    .name = "strings", .checksum = 0x74a09896cf5247da, .prepare = prepare, .run = run};
