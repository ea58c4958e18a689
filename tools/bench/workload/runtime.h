// What a workload is, and the little machine it runs on: QEMU's virt board without firmware.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct workload {
  const char *name;
  // What every call of `run` must return.
  uint64_t checksum;
  // Called once, before counting starts; may be null. May leave machine mode.
  void (*prepare)(void);
  // One iteration.
  uint64_t (*run)(void);
  // Called once on each hart but the first; null parks them.
  void (*run_other_hart)(uint64_t hart);
};

// Defined once in each workload's own source.
extern const struct workload workload;

// Instructions retired on this hart. QEMU without icount answers with host time instead.
static inline uint64_t instructions_retired(void) {
  uint64_t count;
  __asm__ volatile("rdinstret %0" : "=r"(count));
  return count;
}

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

void print(const char *text);
void print_hex(uint64_t value);
void print_decimal(uint64_t value);

// Adds the instructions another hart retired to the total that is printed.
void count_instructions(uint64_t instructions);

// Called by start.S: on hart 0, on the others, and when machine mode takes a trap.
_Noreturn void first_hart(void);
void other_hart(uint64_t hart);
_Noreturn void unexpected_trap(uint64_t cause, uint64_t pc, uint64_t value);

// Ends the run; a status of 0 means success.
_Noreturn void power_off(uint32_t status);

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
