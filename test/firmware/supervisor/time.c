#include "payload.h"

// A millisecond of the virt board's clock.
#define SOON 10000

static bool timer_is_pending(void) { return (csr_read(sip) & STI) != 0; }

static void check_timer(unsigned long extension) {
  check_equal(sbi(extension, 0, -1).error, SUCCESS);
  check(!timer_is_pending());
  check_equal(sbi(extension, 0, csr_read(time)).error, SUCCESS);
  while (!timer_is_pending())
    ;
  check_equal(sbi(extension, 0, csr_read(time) + 1000000000).error, SUCCESS);
  check(!timer_is_pending());

  uint64_t deadline = csr_read(time) + SOON;
  unsigned before = timer_interrupts[self()];
  check_equal(sbi(extension, 0, deadline).error, SUCCESS);
  csr_set(sie, STI);
  csr_set(sstatus, SSTATUS_SIE);
  while (timer_interrupts[self()] == before)
    __asm__ volatile("wfi");
  check(csr_read(time) >= deadline);
  csr_clear(sstatus, SSTATUS_SIE);
  sbi(extension, 0, -1);
}

void test_time(void) {
  uint64_t then = csr_read(time);
  while (csr_read(time) == then)
    ;
  check(csr_read(time) > then);
  check_timer(TIME);
  check_timer(SET_TIMER);
  check_equal(sbi(TIME, 1).error, NOT_SUPPORTED);
}
