#include "console.h"
#include "fence.h"
#include "guarded.h"
#include "hart.h"
#include "ipi.h"
#include "power.h"
#include "sbi.h"
#include "timer.h"
#include "trap.h"

enum legacy_extension {
  LEGACY_SET_TIMER,
  LEGACY_CONSOLE_PUTCHAR,
  LEGACY_CONSOLE_GETCHAR,
  LEGACY_CLEAR_IPI,
  LEGACY_SEND_IPI,
  LEGACY_REMOTE_FENCE_I,
  LEGACY_REMOTE_SFENCE_VMA,
  LEGACY_REMOTE_SFENCE_VMA_ASID,
  LEGACY_SHUTDOWN,
};

#define ECALL_BYTES 4

static long clear_ipi(void) {
  bool pending = (csr_read(mip) & INTERRUPT_SSI) != 0;
  csr_clear(mip, INTERRUPT_SSI);
  return pending;
}

static long fence(uint32_t set, const struct fence *fence) {
  if (fence->kind != FENCE_I && !fence_is_valid(fence))
    return SBI_ERR_INVALID_ADDRESS;
  fence_execute(set, fence);
  return SBI_SUCCESS;
}

// The calls whose a0 is the virtual address of a hart mask, or 0 for all harts.
static long call_on_harts(const unsigned long registers[8]) {
  uint32_t set = 0;
  struct guarded mask = {UINT64_MAX, 0};
  if (registers[0] != 0)
    mask = guarded_load(registers[0], sizeof mask.value, MSTATUS_MPRV);
  if (mask.fault != 0) {
    // The fault is the caller's, at its ecall; trap.S has already moved on past it. a0 stays as it is.
    trap_redirect(&(struct exception){mask.fault, mask.value}, csr_read(mepc) - ECALL_BYTES);
    return (long)registers[0];
  }
  if (!hart_set(mask.value, registers[0] != 0 ? 0 : UINT64_MAX, &set))
    return SBI_ERR_INVALID_PARAM;

  switch (registers[SBI_EXTENSION]) {
  case LEGACY_SEND_IPI:
    ipi_interrupt_supervisors(set);
    return SBI_SUCCESS;
  case LEGACY_REMOTE_FENCE_I:
    return fence(set, &(struct fence){.kind = FENCE_I});
  case LEGACY_REMOTE_SFENCE_VMA:
    return fence(set, &(struct fence){FENCE_VMA, registers[1], registers[2], 0});
  default:
    return fence(set, &(struct fence){FENCE_VMA_ASID, registers[1], registers[2], registers[3]});
  }
}

static long call(const unsigned long registers[8]) {
  switch (registers[SBI_EXTENSION]) {
  case LEGACY_SET_TIMER:
    timer_set(registers[0]);
    return SBI_SUCCESS;
  case LEGACY_CONSOLE_PUTCHAR:
    console_put((char)registers[0]);
    return SBI_SUCCESS;
  case LEGACY_CONSOLE_GETCHAR:
    return console_get();
  case LEGACY_CLEAR_IPI:
    return clear_ipi();
  case LEGACY_SHUTDOWN:
    power_off(0);
  default:
    return call_on_harts(registers);
  }
}

struct sbi_result sbi_legacy(const unsigned long registers[8]) {
  return (struct sbi_result){call(registers), registers[1]};
}
