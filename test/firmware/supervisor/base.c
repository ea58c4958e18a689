#include "payload.h"

#define NO_EXTENSION 0x0badc0de

// Numbers up to this one are assigned to other implementations.
#define LAST_ASSIGNED_IMPLEMENTATION 11

static void check_probe(unsigned long extension, unsigned long available) {
  struct sbi_result result = sbi(BASE, 3, extension);
  check_equal(result.error, SUCCESS);
  check_equal(result.value, available);
}

// All registers but a0 and a1 are the caller's; the legacy extensions leave a1 as well.
static void check_preserved(unsigned long extension, unsigned long argument, bool legacy) {
  uint64_t image[32];
  ecall_with_pattern(image, argument, 0x123456789, 0, extension);
  for (unsigned n = 1; n < 32; n++)
    if (n != 2 && n != 10 && n != 11 && n != 16 && n != 17)
      check_equal(image[n], 0x5a5a00 + n);
  check_equal(image[16], 0);
  check_equal(image[17], extension);
  if (legacy)
    check_equal(image[11], 0x123456789);
}

void test_base(void) {
  check_equal(sbi(BASE, 0).error, SUCCESS);
  check_equal(sbi(BASE, 0).value, 2 << 24);
  check(sbi(BASE, 1).value > LAST_ASSIGNED_IMPLEMENTATION);
  check(sbi(BASE, 2).value != 0);
  for (unsigned long function = 0; function <= 6; function++)
    check_equal(sbi(BASE, function).error, SUCCESS);
  check_equal(sbi(BASE, 7).error, NOT_SUPPORTED);
  check_equal(sbi(BASE, -1).error, NOT_SUPPORTED);
  check_equal(sbi(NO_EXTENSION, 0).error, NOT_SUPPORTED);
  check_equal(sbi(0x9, 0).error, NOT_SUPPORTED);
  check_equal(sbi(-1, 0).error, NOT_SUPPORTED);

  static const unsigned long available[] = {BASE, TIME, IPI, RFENCE, HSM, SRST, DBCN};
  for (size_t i = 0; i < sizeof available / sizeof *available; i++)
    check_probe(available[i], 1);
  for (unsigned long legacy = SET_TIMER; legacy <= SHUTDOWN; legacy++)
    check_probe(legacy, 1);
  check_probe(0x9, 0);
  check_probe(NO_EXTENSION, 0);

  check_preserved(BASE, 0, false);
  check_preserved(TIME, -1ul, false);
  check_preserved(NO_EXTENSION, 0, false);
  check_preserved(SET_TIMER, -1ul, true);
  check_preserved(CLEAR_IPI, 0, true);
}
