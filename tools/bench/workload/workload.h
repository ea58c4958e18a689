// What a workload is, and the little that all of them share. Nothing here needs a machine of its own.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct workload {
  const char *name;
  // What every call of `run` must return.
  uint64_t checksum;
  // Whether the checksum depends on which products the compiler fuses into sums; then it is that of zig cc's
  // rv64gc.
  bool depends_on_fusing;
  // Called once, before counting starts; may be null. May leave machine mode.
  void (*prepare)(void);
  // One iteration.
  uint64_t (*run)(void);
  // Called once on each hart but the first; null parks them.
  void (*run_other_hart)(uint64_t hart);
};

// A checksum that depends on whether the compiler fuses products into sums, rounding once. Of its own accord
// clang does, where the target has an instruction for it; with -std=c11 gcc does not.
#if defined(__clang__) && (defined(__riscv) || defined(__aarch64__))
#define FUSED_OR_NOT(fused, separate) fused
#else
#define FUSED_OR_NOT(fused, separate) separate
#endif

// Defined once in each workload's own source.
extern const struct workload workload;

// A 64-bit xorshift step: small, without multiplication, full period for a non-zero state.
static inline uint64_t next_random(uint64_t *state) {
  uint64_t x = *state;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return *state = x;
}

// Folds one value into a running checksum, so that order counts.
static inline uint64_t fold(uint64_t checksum, uint64_t value) {
  checksum ^= value;
  checksum *= 0x9e3779b97f4a7c15;
  return checksum ^ checksum >> 29;
}

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
