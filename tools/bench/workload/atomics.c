// Four harts that update the same words at once, with AMOs and with LR/SC.

#include "machine.h"

enum { HARTS = 4, UPDATES = 10000 };

#define CLINT_MSIP ((volatile uint32_t *)0x02000000)
#define MIE_MSIE   0x8

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

// Sleeps meanwhile, so that an emulator that runs one hart at a time is not charged for waiting. An interrupt
// that was sent before wfi ends it, too.
static void wait_until_equal(const uint64_t *word, uint64_t value, uint64_t hart) {
  __asm__ volatile("csrs mie, %0" : : "r"(MIE_MSIE));
  for (;;) {
    CLINT_MSIP[hart] = 0;
    __asm__ volatile("fence" : : : "memory");
    if (__atomic_load_n(word, __ATOMIC_ACQUIRE) == value)
      return;
    __asm__ volatile("wfi");
  }
}

static void wake(uint64_t hart) {
  __asm__ volatile("fence" : : : "memory");
  CLINT_MSIP[hart] = 1;
}

static void run_other_hart(uint64_t hart) {
  if (hart >= HARTS)
    return;
  for (uint64_t round = 1;; round++) {
    wait_until_equal(&round_number, round, hart);
    uint64_t before = instructions_retired();
    contend(hart);
    count_instructions(instructions_retired() - before);
    __atomic_fetch_add(&harts_done, 1, __ATOMIC_RELEASE);
    wake(0);
  }
}

static uint64_t run(void) {
  sum = parity = maximum = swapped_in = harts_done = 0;
  __atomic_fetch_add(&round_number, 1, __ATOMIC_RELEASE);
  for (uint64_t hart = 1; hart < HARTS; hart++)
    wake(hart);
  contend(0);
  wait_until_equal(&harts_done, HARTS - 1, 0);
  return fold(fold(fold(fold(0, sum), parity), maximum), swapped_in);
}

const struct workload workload = {
    .name = "atomics", .checksum = 0xb91680262efcb160, .run = run, .run_other_hart = run_other_hart};
