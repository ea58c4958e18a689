#include "checksum.h"

#include "format.h"

// What four bits that leave the register add to the rest, for each of their values.
static const uint32_t remainders[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
    0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

uint32_t crc32c(const void *data, size_t bytes) {
  const uint8_t *next = data;
  uint32_t crc = ~0u;
  while (bytes-- > 0) {
    crc ^= *next++;
    crc = crc >> 4 ^ remainders[crc & 15];
    crc = crc >> 4 ^ remainders[crc & 15];
  }
  return ~crc;
}

uint64_t block_digest(const void *block) {
  // Two chains, so that one multiplication need not wait for the other. An odd factor loses nothing; the
  // shift brings what is high down again.
  const uint64_t *words = block;
  uint64_t even = 0x9e3779b97f4a7c15u;
  uint64_t odd = 0xc2b2ae3d27d4eb4fu;
  for (size_t i = 0; i < FILES_BLOCK_BYTES / 8; i += 2) {
    even = (even ^ words[i]) * 0xff51afd7ed558ccdu;
    odd = (odd ^ words[i + 1]) * 0xc4ceb9fe1a85ec53u;
    even ^= even >> 29;
    odd ^= odd >> 31;
  }
  return even ^ (odd << 32 | odd >> 32);
}
