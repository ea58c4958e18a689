// Four harts that update the same words at once, with AMOs and with LR/SC.

#include "runtime.h"

enum { HARTS = 4, UPDATES = 10000 };

// A line each, so that they contend only where it is meant.
static uint64_t sum __attribute__((aligned(64)));
static uint64_t parity __attribute__((aligned(64)));
static uint64_t maximum __attribute__((aligned(64)));
static uint64_t swapped_in __attribute__((aligned(64)));
static uint64_t round_number __attribute__((aligned(64)));
static uint64_t harts_done __attribute__((aligned(64)));

static void contend(uint64_t hart) {
  for (uint64_t i = 1; i <= UPDATES; i++) {
    __atomic_fetch_add(&sum, i, __ATOMIC_RELAXED);
    __atomic_fetch_xor(&parity, i << hart, __ATOMIC_RELAXED);
    uint64_t value = i * HARTS + hart;
    __asm__ volatile("amomaxu.d zero, %1, %0" : "+A"(maximum) : "r"(value));
    uint64_t seen, failed;
    do {
      __asm__ volatile("lr.d %0, %2\n\taddi %0, %0, 1\n\tsc.d %1, %0, %2"
                       : "=&r"(seen), "=&r"(failed), "+A"(swapped_in));
    } while (failed);
  }
}

static void run_other_hart(uint64_t hart) {
  if (hart >= HARTS)
    return;
  for (uint64_t round = 1;; round++) {
    while (__atomic_load_n(&round_number, __ATOMIC_ACQUIRE) != round)
      ;
    uint64_t before = instructions_retired();
    contend(hart);
    count_instructions(instructions_retired() - before);
    __atomic_fetch_add(&harts_done, 1, __ATOMIC_RELEASE);
  }
}

static uint64_t run(void) {
  sum = parity = maximum = swapped_in = harts_done = 0;
  __atomic_fetch_add(&round_number, 1, __ATOMIC_RELEASE);
  contend(0);
  while (__atomic_load_n(&harts_done, __ATOMIC_ACQUIRE) != HARTS - 1)
    ;
  return fold(fold(fold(fold(0, sum), parity), maximum), swapped_in);
}

const struct workload workload = {
    .name = "atomics", .checksum = 0xb91680262efcb160, .run = run, .run_other_hart = run_other_hart};
