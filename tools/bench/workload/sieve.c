// Byte stores with a stride, and branches that are hard to predict: the sieve of Eratosthenes.

#include "runtime.h"

enum { LIMIT = 1000000, PRIMES_BELOW_LIMIT = 78498 };

static uint8_t composite[LIMIT];

static uint64_t run(void) {
  memset(composite, 0, sizeof composite);
  for (uint32_t n = 2; n * n < LIMIT; n++) {
    if (composite[n])
      continue;
    for (uint32_t multiple = n * n; multiple < LIMIT; multiple += n)
      composite[multiple] = 1;
  }
  uint64_t primes = 0;
  for (uint32_t n = 2; n < LIMIT; n++)
    primes += !composite[n];
  return primes;
}

const struct workload workload = {.name = "sieve", .checksum = PRIMES_BELOW_LIMIT, .run = run};
