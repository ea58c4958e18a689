#include "payload.h"

void test_srst(void) {
  check_equal(sbi(SRST, 0, 3, 0).error, INVALID_PARAM);
  check_equal(sbi(SRST, 0, 0xefffffff, 0).error, INVALID_PARAM);
  check_equal(sbi(SRST, 0, 0xf0000000, 0).error, INVALID_PARAM);
  check_equal(sbi(SRST, 0, 0, 2).error, INVALID_PARAM);
  check_equal(sbi(SRST, 0, 1, 0xe0000000).error, INVALID_PARAM);
  check_equal(sbi(SRST, 0, 2, 0xffffffff).error, INVALID_PARAM);
  check_equal(sbi(SRST, 1, 0, 0).error, NOT_SUPPORTED);
}
