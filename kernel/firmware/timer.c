#include "timer.h"
#include "board.h"
#include "hart.h"
#include "mmio.h"

void timer_set(uint64_t deadline) {
  uint64_t id = hart_id();
  if (harts[id].sstc) {
    csr_write(CSR_STIMECMP, deadline);
    return;
  }
  if (board.mtimecmp != 0)
    mmio_write64(board.mtimecmp + 8 * id, deadline);
  csr_clear(mip, INTERRUPT_STI);
  csr_set(mie, INTERRUPT_MTI);
}

void timer_disarm(void) {
  timer_set(UINT64_MAX);
  csr_clear(mie, INTERRUPT_MTI);
}

void timer_forward(void) {
  // The machine's interrupt stays pending until the next deadline is set: mask it.
  csr_clear(mie, INTERRUPT_MTI);
  csr_set(mip, INTERRUPT_STI);
}

bool timer_is_readable(void) {
  return csr_try_read(time, UINT64_MAX) != UINT64_MAX && (csr_read(mcounteren) & COUNTEREN_TM) != 0;
}

uint64_t timer_now(void) { return mmio_read64(board.mtime); }
