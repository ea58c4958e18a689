// Measures the kernel, in the supervisor's place.

#include "measure.h"
#include "partner.h"
#include "suites.h"

static void measure_all(uint64_t unused) {
  (void)unused;
  partners_open(); // again: now everything is mapped
  measure_creation();
  measure_switching();
  measure_calls();
  measure_queues();
  measure_faults();
  measure_interrupts();
  kernel_power(HANDLE_MACHINE, POWER_OFF, 0);
}

int main(void) {
  partners_open();
  prepare_switching();
  partner_become(measure_all);
}
