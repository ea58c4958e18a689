// Self-modifying code: a function whose instructions are written anew before each call, with fence.i between.

#include "workload.h"

enum { LENGTH = 16, REWRITES = 100, CODE_WORDS = LENGTH + 1 };

static uint32_t code[CODE_WORDS];

// addi a0, a0, immediate (immediate below 2048)
static uint32_t addi_a0(uint32_t immediate) { return immediate << 20 | 10 << 15 | 10 << 7 | 0x13; }

enum { RET = 0x00008067 };

static uint64_t run(void) {
  uint64_t (*function)(uint64_t) = (uint64_t(*)(uint64_t))(uintptr_t)code;
  uint64_t sum = 0;
  for (uint32_t rewrite = 0; rewrite < REWRITES; rewrite++) {
    for (uint32_t i = 0; i < LENGTH; i++)
      code[i] = addi_a0(rewrite + i);
    code[LENGTH] = RET;
    __asm__ volatile("fence.i" : : : "memory");
    sum = function(sum);
  }
  return sum;
}

const struct workload workload = {
    .name = "self-modifying",
    .checksum = LENGTH * (REWRITES * (REWRITES - 1) / 2) + REWRITES * (LENGTH * (LENGTH - 1) / 2),
    .run = run,
};
