// Loads and stores in bulk: memcpy of blocks of many sizes, aligned alike and not.

#include "workload.h"

enum { BYTES = 65536 };

static uint64_t from[BYTES / 8], to[BYTES / 8];

static void prepare(void) {
  uint64_t random = 0x2545f4914f6cdd1d;
  for (int i = 0; i < BYTES / 8; i++)
    from[i] = next_random(&random);
}

static uint64_t run(void) {
  const uint8_t *source = (const uint8_t *)from;
  uint8_t *target = (uint8_t *)to;
  memset(target, 0, BYTES);
  for (int turn = 0; turn < 8; turn++)
    memcpy(target, source, BYTES);
  // Source and target at different offsets within a word: byte by byte.
  memcpy(target + 1, source + 4, BYTES / 8);
  for (size_t bytes = 1; bytes <= 1024; bytes += bytes / 2 + 1)
    memcpy(target + BYTES / 2 + 16 * bytes, source + 8 * bytes, bytes);
  uint64_t checksum = 0;
  for (int i = 0; i < BYTES / 8; i += 8)
    checksum = fold(checksum, to[i]);
  return checksum;
}

const struct workload workload = {
    .name = "copy", .checksum = 0x0730598eeebdfacd, .prepare = prepare, .run = run};
