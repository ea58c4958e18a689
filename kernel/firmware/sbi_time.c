#include "sbi.h"
#include "timer.h"

#define TIME_SET_TIMER 0

struct sbi_result sbi_time(const unsigned long registers[8]) {
  if (registers[SBI_FUNCTION] != TIME_SET_TIMER)
    return sbi_error(SBI_ERR_NOT_SUPPORTED);
  timer_set(registers[0]);
  return sbi_error(SBI_SUCCESS);
}
