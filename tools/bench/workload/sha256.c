// Rotates, xors and additions in long straight lines: SHA-256 (FIPS 180-4) of 16 KiB.

#include "workload.h"

enum { BYTES = 16384, BLOCK_BYTES = 64 };

static uint8_t message[BYTES];
static uint32_t round_constants[64];
static uint32_t initial_state[8];

// The first 32 bits of the fractional part of a root of a prime, which is how FIPS 180-4 defines its
// constants: the largest 64-bit x with x^power <= prime * 2^(32 * power), by bisection.
static uint32_t root_fraction(uint32_t prime, int power) {
  uint64_t low = 0, high = (uint64_t)prime << 32;
  while (high - low > 1) {
    uint64_t middle = low + (high - low) / 2;
    // middle < 2^38 keeps its square below 2^76; cubes of cube roots stay below 2^105.
    unsigned __int128 product = (unsigned __int128)middle * middle;
    unsigned __int128 bound = (unsigned __int128)prime << 64;
    bool too_large;
    if (power == 3) {
      bound <<= 32;
      too_large = middle >= (uint64_t)1 << 36 || product * middle > bound;
    } else {
      too_large = product > bound;
    }
    if (too_large)
      high = middle;
    else
      low = middle;
  }
  return (uint32_t)low;
}

static void prepare(void) {
  int found = 0;
  for (uint32_t n = 2; found < 64; n++) {
    bool prime = true;
    for (uint32_t divisor = 2; divisor * divisor <= n; divisor++)
      prime = prime && n % divisor != 0;
    if (!prime)
      continue;
    if (found < 8)
      initial_state[found] = root_fraction(n, 2);
    round_constants[found++] = root_fraction(n, 3);
  }
  for (int i = 0; i < BYTES; i++)
    message[i] = (uint8_t)(i * 7 + (i >> 8));
}

static uint32_t rotate(uint32_t x, int by) { return x >> by | x << (32 - by); }

static uint32_t big_endian(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void hash_block(uint32_t state[8], const uint8_t block[BLOCK_BYTES]) {
  uint32_t w[64];
  for (int t = 0; t < 16; t++)
    w[t] = big_endian(block + 4 * t);
  for (int t = 16; t < 64; t++) {
    uint32_t s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ w[t - 15] >> 3;
    uint32_t s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ w[t - 2] >> 10;
    w[t] = w[t - 16] + s0 + w[t - 7] + s1;
  }
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
  uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
  for (int t = 0; t < 64; t++) {
    uint32_t sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    uint32_t choice = (e & f) ^ (~e & g);
    uint32_t t1 = h + sum1 + choice + round_constants[t] + w[t];
    uint32_t sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    uint32_t majority = (a & b) ^ (a & c) ^ (b & c);
    h = g, g = f, f = e, e = d + t1;
    d = c, c = b, b = a, a = t1 + sum0 + majority;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d;
  state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

static uint64_t run(void) {
  uint32_t state[8];
  memcpy(state, initial_state, sizeof state);
  for (int at = 0; at < BYTES; at += BLOCK_BYTES)
    hash_block(state, message + at);
  // The message is whole blocks, so its padding is a block of its own.
  uint8_t padding[BLOCK_BYTES] = {0x80};
  uint64_t bits = (uint64_t)BYTES * 8;
  for (int i = 0; i < 8; i++)
    padding[BLOCK_BYTES - 1 - i] = (uint8_t)(bits >> 8 * i);
  hash_block(state, padding);
  return (uint64_t)state[0] << 32 | state[1];
}

const struct workload workload = {
    .name = "sha256", .checksum = 0x5252abae92836caa, .prepare = prepare, .run = run};
