#include "hart.h"
#include "board.h"
#include "ipi.h"
#include "timer.h"

// pmpcfg: address-matching mode NAPOT, without and with read, write and execute permission.
#define PMP_NAPOT_DENY  0x18
#define PMP_NAPOT_ALLOW 0x1f

struct hart harts[MAX_HARTS];

// Entry 0 keeps the supervisor and its user out of the firmware, entry 1 lets them everywhere else.
static void protect_firmware(void) {
  csr_try_write(pmpaddr0, firmware_memory().base >> 2 | (firmware_memory().bytes / 8 - 1));
  csr_try_write(pmpaddr1, ~UINT64_C(0));
  csr_try_write(pmpcfg0, PMP_NAPOT_ALLOW << 8 | PMP_NAPOT_DENY);
  __asm__ volatile("sfence.vma" ::: "memory");
}

static void delegate(void) {
  uint64_t exceptions = 1u << CAUSE_FETCH_MISALIGNED | 1u << CAUSE_BREAKPOINT | 1u << CAUSE_ECALL_U |
                        1u << CAUSE_FETCH_PAGE_FAULT | 1u << CAUSE_LOAD_PAGE_FAULT |
                        1u << CAUSE_STORE_PAGE_FAULT;
  // A hart without a `time` register raises illegal instruction for rdtime, which the firmware then executes
  // for it.
  if (timer_is_readable())
    exceptions |= 1u << CAUSE_ILLEGAL_INSTRUCTION;
  csr_write(medeleg, exceptions);
  csr_write(mideleg, INTERRUPTS_S);
}

// menvcfg.STCE alone proves nothing: QEMU 7.2 keeps it set without the extension.
static bool has_sstc(void) {
  csr_try_write(CSR_STIMECMP, UINT64_MAX);
  return (csr_try_read(CSR_MENVCFG, 0) & MENVCFG_STCE) != 0 && csr_try_read(CSR_STIMECMP, 0) == UINT64_MAX;
}

void hart_prepare(void) {
  csr_write(mcounteren, UINT32_MAX);
  csr_write(scounteren, COUNTEREN_CY | COUNTEREN_TM | COUNTEREN_IR);
  csr_try_write(mcountinhibit, 0);
  delegate();
  // WARL: what the hart lacks stays 0. ADUE stays as it is: a device tree with Svadu alone promises that it
  // is on.
  csr_try_write(CSR_MENVCFG, csr_try_read(CSR_MENVCFG, 0) | MENVCFG_STCE | MENVCFG_PBMTE | MENVCFG_CBZE |
                                 MENVCFG_CBCFE | MENVCFG_CBIE_INVALIDATE);
  hart_self()->sstc = has_sstc();
  protect_firmware();
  timer_disarm();
  csr_write(mie, INTERRUPT_MSI);
}

_Noreturn void hart_enter_supervisor(uint64_t address, uint64_t opaque) {
  csr_clear(mstatus, MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_MPIE | MSTATUS_SPP | MSTATUS_MPP | MSTATUS_FS |
                         MSTATUS_MPRV | MSTATUS_SUM | MSTATUS_MXR | MSTATUS_TVM | MSTATUS_TW | MSTATUS_TSR);
  csr_set(mstatus, MSTATUS_MPP_S | MSTATUS_FS_INITIAL);
  csr_write(satp, 0);
  __asm__ volatile("sfence.vma\n fence.i" ::: "memory");
  supervisor_enter(hart_id(), opaque, address);
}

_Noreturn void hart_stop(void) {
  struct hart *self = hart_self();
  timer_disarm();
  csr_write(mie, INTERRUPT_MSI);
  // Before the hart can be started: an interrupt sent right after that must not be lost.
  csr_clear(mip, INTERRUPT_SSI);
  atomic_store_explicit(&self->state, HART_STOPPED, memory_order_release);
  hart_wait_for_start();
}

_Noreturn void hart_wait_for_start(void) {
  struct hart *self = hart_self();
  while (atomic_load_explicit(&self->state, memory_order_acquire) != HART_START_PENDING) {
    __asm__ volatile("wfi");
    if (csr_read(mip) & INTERRUPT_MSI)
      ipi_serve();
  }
  atomic_store(&self->state, HART_STARTED);
  hart_enter_supervisor(self->start_address, self->start_opaque);
}

void hart_suspend(void) {
  struct hart *self = hart_self();
  atomic_store(&self->state, HART_SUSPENDED);
  // With mstatus.MIE clear nothing is taken here: wfi returns for whatever mie enables, sie being part of it.
  while ((csr_read(mip) & csr_read(mie) & INTERRUPTS_S) == 0) {
    __asm__ volatile("wfi");
    uint64_t pending = csr_read(mip) & csr_read(mie);
    if (pending & INTERRUPT_MSI)
      ipi_serve();
    if (pending & INTERRUPT_MTI)
      timer_forward();
  }
  atomic_store(&self->state, HART_STARTED);
}

bool hart_set(uint64_t mask, uint64_t base, uint32_t *set) {
  if (base == UINT64_MAX) {
    *set = board.harts;
    return true;
  }
  if (base >= MAX_HARTS || mask > board.harts >> base || (mask << base & ~(uint64_t)board.harts) != 0)
    return false;
  *set = (uint32_t)(mask << base);
  return true;
}
