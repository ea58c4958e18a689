// Time, in ticks of the `time` CSR, as deadlines are.
#pragma once

#include <stdint.h>

static inline uint64_t clock_now(void) {
  uint64_t ticks;
  __asm__ volatile("rdtime %0" : "=r"(ticks));
  return ticks;
}

// Ticks in a second. Needs the machine with RIGHT_READ.
uint64_t clock_frequency(void);
