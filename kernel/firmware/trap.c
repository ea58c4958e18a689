#include "trap.h"
#include "console.h"
#include "counter.h"
#include "hart.h"
#include "ipi.h"
#include "misaligned.h"
#include "power.h"
#include "timer.h"

#define STVEC_MODE 3

void trap_interrupt(uint64_t cause) {
  // Only these two are not delegated; the top bit of the cause says "interrupt".
  if ((cause & 0xff) == MCAUSE_INTERRUPT_MTI)
    timer_forward();
  else
    ipi_serve();
}

void trap_exception(struct frame *frame) {
  struct exception exception = {csr_read(mcause), csr_read(mtval)};
  bool done = false;
  if (exception.cause == CAUSE_LOAD_MISALIGNED)
    done = misaligned_load(frame, &exception);
  else if (exception.cause == CAUSE_STORE_MISALIGNED)
    done = misaligned_store(frame, &exception);
  else if (exception.cause == CAUSE_ILLEGAL_INSTRUCTION)
    done = counter_read(frame, &exception);
  if (!done)
    trap_redirect(&exception, csr_read(mepc));
}

// A handler that raises the exception it is entered for would be entered for ever, here in between.
_Noreturn static void handler_is_nowhere(uint64_t handler) {
  print("\nfirmware: hart %lu cannot fetch the supervisor's trap handler at 0x%lx, switching off\n",
        hart_id(), handler);
  print("  it was entered for scause 0x%lx  sepc 0x%lx  stval 0x%lx\n", csr_read(scause), csr_read(sepc),
        csr_read(stval));
  power_off(1);
}

void trap_redirect(const struct exception *exception, uint64_t epc) {
  uint64_t handler = csr_read(stvec) & ~(uint64_t)STVEC_MODE;
  if (exception->cause == CAUSE_FETCH_ACCESS && epc == handler)
    handler_is_nowhere(handler);
  uint64_t mstatus = csr_read(mstatus);
  uint64_t from_supervisor = (mstatus & MSTATUS_MPP) == MSTATUS_MPP_S ? MSTATUS_SPP : 0;
  uint64_t enabled = mstatus & MSTATUS_SIE ? MSTATUS_SPIE : 0;
  csr_write(scause, exception->cause);
  csr_write(stval, exception->value);
  csr_write(sepc, epc);
  csr_write(mepc, handler);
  mstatus &= ~(uint64_t)(MSTATUS_MPP | MSTATUS_SPP | MSTATUS_SPIE | MSTATUS_SIE);
  csr_write(mstatus, mstatus | MSTATUS_MPP_S | from_supervisor | enabled);
}

static const char *cause_name(uint64_t cause) {
  switch (cause) {
  case CAUSE_FETCH_MISALIGNED:
    return "misaligned fetch";
  case CAUSE_FETCH_ACCESS:
    return "fetch access fault";
  case CAUSE_ILLEGAL_INSTRUCTION:
    return "illegal instruction";
  case CAUSE_BREAKPOINT:
    return "breakpoint";
  case CAUSE_LOAD_MISALIGNED:
    return "misaligned load";
  case CAUSE_LOAD_ACCESS:
    return "load access fault";
  case CAUSE_STORE_MISALIGNED:
    return "misaligned store";
  case CAUSE_STORE_ACCESS:
    return "store access fault";
  default:
    return "unexpected trap";
  }
}

_Noreturn void panic(const struct frame *frame) {
  static const char *const names[32] = {"zero", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
                                        "a1",   "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
                                        "s6",   "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6"};
  uint64_t cause = csr_read(mcause);
  print("\nfirmware: %s (mcause 0x%lx) on hart %lu, switching off\n", cause_name(cause), cause, hart_id());
  print("  mepc 0x%lx  mtval 0x%lx  mstatus 0x%lx\n", csr_read(mepc), csr_read(mtval), csr_read(mstatus));
  for (unsigned i = 1; i < 32; i++)
    print("  %s 0x%lx%s", names[i], frame->x[i], i % 4 == 0 || i == 31 ? "\n" : "");
  power_off(1);
}
