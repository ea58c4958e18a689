#include "payload.h"

#define SOON 10000

static _Atomic long suspend_error;

static void find_harts(void) {
  for (unsigned hart = 0; hart < MAX_HARTS; hart++) {
    struct sbi_result result = sbi(HSM, 2, hart);
    if (result.error == INVALID_PARAM)
      continue;
    check_equal(result.error, SUCCESS);
    check_equal(result.value, hart == self() ? HART_STARTED : HART_STOPPED);
    harts |= 1u << hart;
  }
  check((harts >> self() & 1) != 0);
}

static void check_refusals(void) {
  check_equal(sbi(HSM, 0, MAX_HARTS, started, 0).error, INVALID_PARAM);
  check_equal(sbi(HSM, 0, -1, started, 0).error, INVALID_PARAM);
  check_equal(sbi(HSM, 0, 1ul << 32, started, 0).error, INVALID_PARAM);
  check_equal(sbi(HSM, 0, self(), started, 0).error, ALREADY_AVAILABLE);
  check_equal(sbi(HSM, 0, self(), FIRMWARE, 0).error, INVALID_ADDRESS);
  check_equal(sbi(HSM, 2, MAX_HARTS).error, INVALID_PARAM);
  check_equal(sbi(HSM, 2, -1).error, INVALID_PARAM);
  check_equal(sbi(HSM, 4).error, NOT_SUPPORTED);

  static const unsigned long bad_addresses[] = {0, FIRMWARE, FIRMWARE + 0x1fffe, UART, -2ul, 0x80200001};
  for (size_t i = 0; i < sizeof bad_addresses / sizeof *bad_addresses; i++) {
    check_equal(sbi(HSM, 3, 0x80000000, bad_addresses[i], 0).error, INVALID_ADDRESS);
    for (unsigned hart = 0; hart < MAX_HARTS; hart++)
      if (harts >> hart & 1)
        check_equal(sbi(HSM, 0, hart, bad_addresses[i], 0).error, INVALID_ADDRESS);
  }

  static const unsigned long bad_types[] = {1, 0x0fffffff, 0x10000000, 0x80000001, 0x90000000, 0xffffffff};
  for (size_t i = 0; i < sizeof bad_types / sizeof *bad_types; i++)
    check_equal(sbi(HSM, 3, bad_types[i], started, 0).error, INVALID_PARAM);
}

static void wake_soon(void) {
  sbi(TIME, 0, csr_read(time) + SOON);
  csr_set(sie, STI);
}

static void check_suspend_here(void) {
  uint64_t then = csr_read(time);
  wake_soon();
  check_equal(sbi(HSM, 3, 0, 0, 0).error, SUCCESS);
  check(csr_read(time) >= then + SOON);
  check((csr_read(sip) & STI) != 0);

  static struct resume resume;
  wake_soon();
  uint64_t mask = csr_read(sie);
  check_equal(suspend_and_resume(&resume), SUCCESS);
  check_equal(resume.registers[4], self());
  check_equal(resume.registers[5], 0);
  check((resume.registers[6] & SSTATUS_SIE) == 0);
  check_equal(csr_read(sie), mask);
  check((csr_read(sip) & STI) != 0);
  csr_clear(sie, STI);
  sbi(TIME, 0, -1);
}

static void sleep_until_interrupted(void) {
  csr_set(sie, SSI);
  atomic_store(&suspend_error, sbi(HSM, 3, 0, 0, 0).error);
  check((csr_read(sip) & SSI) != 0);
  csr_clear(sip, SSI);
  csr_clear(sie, SSI);
}

// A sleeping hart answers fences, but only an interrupt wakes it.
static void check_suspend_there(unsigned hart) {
  atomic_store(&suspend_error, 1);
  begin(hart, sleep_until_interrupted);
  await_status(hart, HART_SUSPENDED);
  check_equal(sbi(HSM, 0, hart, started, 0).error, ALREADY_AVAILABLE);
  check_equal(sbi(RFENCE, 0, 1, hart).error, SUCCESS);
  check_equal(hart_status(hart), HART_SUSPENDED);
  check_equal(sbi(IPI, 0, 1, hart).error, SUCCESS);
  finish(hart);
  check_equal(atomic_load(&suspend_error), SUCCESS);
  check_equal(hart_status(hart), HART_STARTED);
}

static void stop(void) {
  // The worker is done when it starts anew.
  begin(self(), NULL);
  struct sbi_result result = sbi(HSM, 1);
  check_equal(result.error, SUCCESS);
  check(false);
}

void test_hsm(void) {
  find_harts();
  check_refusals();
  check_suspend_here();
  start_others();
  for (unsigned hart = 0; hart < MAX_HARTS; hart++) {
    if ((harts >> hart & 1) == 0 || hart == self())
      continue;
    check_suspend_there(hart);
    begin(hart, stop);
    await_status(hart, HART_STOPPED);
    // A stopped hart has nothing to interrupt or to fence; both succeed.
    check_equal(sbi(IPI, 0, 1, hart).error, SUCCESS);
    check_equal(sbi(RFENCE, 1, 1, hart, 0, 0).error, SUCCESS);
    check_equal(hart_status(hart), HART_STOPPED);
  }
  start_others();
}
