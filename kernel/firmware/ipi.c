#include "ipi.h"
#include "board.h"
#include "hart.h"
#include "mmio.h"

void ipi_post(uint64_t hart, uint32_t requests) {
  atomic_fetch_or_explicit(&harts[hart].inbox, requests, memory_order_release);
  // The request must be visible before the interrupt that announces it.
  __asm__ volatile("fence w, o" ::: "memory");
  mmio_write32(board.msip + 4 * hart, 1);
}

void ipi_serve(void) {
  uint64_t self = hart_id();
  // Clear first: a request that arrives after the exchange then raises the interrupt anew.
  mmio_write32(board.msip + 4 * self, 0);
  __asm__ volatile("fence o, rw" ::: "memory");
  uint32_t requests = atomic_exchange_explicit(&harts[self].inbox, 0, memory_order_acquire);
  if (requests & IPI_SUPERVISOR)
    csr_set(mip, INTERRUPT_SSI);
  if (requests & IPI_FENCES)
    fence_serve(requests & IPI_FENCES);
}

void ipi_interrupt_supervisors(uint32_t set) {
  for (uint64_t hart = 0; set != 0; hart++, set >>= 1) {
    if ((set & 1) == 0)
      continue;
    if (hart == hart_id())
      csr_set(mip, INTERRUPT_SSI);
    else if (atomic_load_explicit(&harts[hart].state, memory_order_relaxed) != HART_STOPPED)
      ipi_post(hart, IPI_SUPERVISOR);
  }
}
