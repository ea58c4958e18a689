#include "interrupt.h"
#include "plic.h"
#include "print.h"
#include "riscv.h"
#include "sched.h"

bool interrupt_handle(uint64_t number) {
  switch (number) {
  case INTERRUPT_SOFTWARE:
    // Another hart wants this one to look again at what it runs, which leaving the kernel does.
    csr_clear_bits(sip, 1ul << INTERRUPT_SOFTWARE);
    return false;
  case INTERRUPT_TIMER:
    return sched_tick();
  case INTERRUPT_EXTERNAL:
    plic_handle();
    return false;
  default:
    panic("interrupt %lu, which was never enabled", number);
  }
}

void interrupt_handle_pending(void) {
  static const uint8_t numbers[] = {INTERRUPT_SOFTWARE, INTERRUPT_TIMER, INTERRUPT_EXTERNAL};
  for (unsigned i = 0; i < sizeof numbers; i++) {
    if ((csr_read(sip) >> numbers[i] & 1) != 0)
      interrupt_handle(numbers[i]);
  }
}
