#include "lib/clock.h"
#include "lib/kernel.h"

uint64_t clock_frequency(void) {
  static uint64_t frequency;
  if (frequency == 0) {
    struct system_info info = {0};
    kernel_inspect(HANDLE_MACHINE, INSPECT_SYSTEM, 0, &info, sizeof info);
    frequency = info.timebase;
  }
  return frequency;
}
