// How long things take: in instructions the hart has retired, and in ticks of `time`.
//
// Instructions are those of the hart on which it is measured. They are all there were as long as everybody
// concerned is bound to that hart; where others work meanwhile, time counts.
#pragma once

#include <stdint.h>

struct moment {
  uint64_t instructions, ticks;
};

static inline uint64_t instructions_now(void) {
  uint64_t count;
  __asm__ volatile("rdinstret %0" : "=r"(count) : : "memory");
  return count;
}

static inline struct moment moment_now(void) {
  struct moment now;
  __asm__ volatile("rdtime %0\n\trdinstret %1" : "=&r"(now.ticks), "=r"(now.instructions) : : "memory");
  return now;
}

// Prints what happened `count` times since then, as a line "measured NAME,INSTRUCTIONS,TICKS,COUNT".
void measured(const char *name, struct moment since, uint64_t count);

// The same of sums that were taken elsewhere.
void measured_sums(const char *name, struct moment sums, uint64_t count);

// Ends the benchmark when a kernel call has failed; else the call's result.
uint64_t require(int64_t result, const char *what);
