#include "payload.h"

static void listen(void) {
  software_interrupts[self()] = 0;
  csr_set(sie, SSI);
  csr_set(sstatus, SSTATUS_SIE);
}

static void stop_listening(void) {
  csr_clear(sstatus, SSTATUS_SIE);
  csr_clear(sie, SSI);
  check_equal(csr_read(sip) & SSI, 0);
}

// The harts in `set` are interrupted, just once, and no others are.
static void check_interrupted(uint32_t set) {
  for (unsigned hart = 0; hart < MAX_HARTS; hart++)
    while ((set >> hart & 1) && software_interrupts[hart] == 0)
      nap();
  for (unsigned hart = 0; hart < MAX_HARTS; hart++) {
    check_equal(software_interrupts[hart], set >> hart & 1);
    software_interrupts[hart] = 0;
  }
}

static void check_sent(void) {
  for (unsigned hart = 0; hart < MAX_HARTS; hart++) {
    if ((harts >> hart & 1) == 0) {
      check_equal(sbi(IPI, 0, 1, hart).error, INVALID_PARAM);
      check_equal(sbi(IPI, 0, 1ul << hart, 0).error, INVALID_PARAM);
      continue;
    }
    check_equal(sbi(IPI, 0, 1, hart).error, SUCCESS);
    check_interrupted(1u << hart);
    check_equal(sbi(IPI, 0, 1ul << hart, 0).error, SUCCESS);
    check_interrupted(1u << hart);
    unsigned long mask = 1ul << hart;
    check_equal(sbi(SEND_IPI, 0, &mask).error, SUCCESS);
    check_interrupted(1u << hart);
  }
  check_equal(sbi(IPI, 0, harts, 0).error, SUCCESS);
  check_interrupted(harts);
  check_equal(sbi(IPI, 0, 0, -1).error, SUCCESS);
  check_interrupted(harts);
  check_equal(sbi(IPI, 0, 0, 0).error, SUCCESS);
  check_interrupted(0);
  check_equal(sbi(SEND_IPI, 0, NULL).error, SUCCESS);
  check_interrupted(harts);
}

static void check_refused(void) {
  check_equal(sbi(IPI, 0, 1ul << 63, 0).error, INVALID_PARAM);
  check_equal(sbi(IPI, 0, 1ul << 63, 1).error, INVALID_PARAM);
  check_equal(sbi(IPI, 0, harts | 1ul << MAX_HARTS, 0).error, INVALID_PARAM);
  check_equal(sbi(IPI, 0, 1, MAX_HARTS).error, INVALID_PARAM);
  check_equal(sbi(IPI, 0, 1, -2).error, INVALID_PARAM);
  check_equal(sbi(IPI, 1, 1, 0).error, NOT_SUPPORTED);
  unsigned long mask = harts | 1ul << MAX_HARTS;
  check((long)sbi(SEND_IPI, 0, &mask).error < 0);
  check_interrupted(0);
}

static void check_cleared(void) {
  csr_clear(sie, SSI);
  check_equal(sbi(CLEAR_IPI, 0).error, 0);
  sbi(IPI, 0, 1, self());
  check((csr_read(sip) & SSI) != 0);
  check(sbi(CLEAR_IPI, 0).error > 0);
  check_equal(csr_read(sip) & SSI, 0);
  check_equal(sbi(CLEAR_IPI, 0).error, 0);
}

// The mask's address is the caller's: where it may not read, the fault is its own.
static void check_fault(void) {
  unsigned before = last_trap[self()].count;
  check_equal(sbi(SEND_IPI, 0, FIRMWARE).error, FIRMWARE);
  check_equal(last_trap[self()].count, before + 1);
  check_equal(last_trap[self()].cause, 5);
  check_equal(last_trap[self()].value, FIRMWARE);
  check_equal(*(const uint32_t *)last_trap[self()].pc, 0x73);
  check(last_trap[self()].from_supervisor);
}

void test_ipi(void) {
  everywhere(listen);
  check_sent();
  check_refused();
  everywhere(stop_listening);
  check_cleared();
  check_fault();
}
