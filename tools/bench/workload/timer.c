// A timer that interrupts a computation 10,000 times in each second of guest time.

#include "machine.h"

#define MTIMECMP ((volatile uint64_t *)0x02004000)
#define MTIME    ((volatile uint64_t *)0x0200bff8)

// Of mtime, which counts at 10 MHz.
enum { PERIOD = 1000 };

enum { WORDS = 4096, ROUNDS = 64 };

#define MACHINE_TIMER_INTERRUPT (UINT64_C(1) << 63 | 7)
#define MIE_MTIE                0x80
#define MSTATUS_MIE             0x8

static uint64_t words[WORDS];
static uint64_t deadline;

__attribute__((interrupt("machine"), aligned(4))) static void take_interrupt(void) {
  uint64_t cause;
  __asm__ volatile("csrr %0, mcause" : "=r"(cause));
  if (cause != MACHINE_TIMER_INTERRUPT)
    unexpected_trap(cause, 0, 0);
  uint64_t next = __atomic_load_n(&deadline, __ATOMIC_RELAXED) + PERIOD;
  __atomic_store_n(&deadline, next, __ATOMIC_RELAXED);
  *MTIMECMP = next;
}

static void prepare(void) {
  __asm__ volatile("csrw mtvec, %0" : : "r"(take_interrupt));
  deadline = *MTIME + PERIOD;
  *MTIMECMP = deadline;
  __asm__ volatile("csrw mie, %0" : : "r"(MIE_MTIE));
  __asm__ volatile("csrs mstatus, %0" : : "r"(MSTATUS_MIE));
}

static uint64_t run(void) {
  for (uint64_t i = 0; i < WORDS; i++)
    words[i] = i;
  uint64_t checksum = 0;
  for (int round = 0; round < ROUNDS; round++)
    for (int i = 0; i < WORDS; i++)
      words[i] = checksum = fold(checksum, words[i]);
  // The interrupt of every deadline that is over must come, or this never ends.
  uint64_t now = *MTIME;
  while (__atomic_load_n(&deadline, __ATOMIC_RELAXED) <= now)
    ;
  return checksum;
}

const struct workload workload = {
    .name = "timer", .checksum = 0x374ce11e62966d42, .prepare = prepare, .run = run};
