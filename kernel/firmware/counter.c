#include "counter.h"
#include "board.h"
#include "csr.h"
#include "instruction.h"
#include "timer.h"

// csrrs rd, time, x0: the only form that reads without writing, which `time` forbids.
#define RDTIME_MASK  0xfffff07f
#define RDTIME_MATCH 0xc0102073

static bool may_read_time(void) {
  return (csr_read(mstatus) & MSTATUS_MPP) == MSTATUS_MPP_S || (csr_read(scounteren) & COUNTEREN_TM) != 0;
}

bool counter_read(struct frame *frame, struct exception *exception) {
  uint32_t instruction;
  if (!instruction_fetch(&instruction, exception))
    return false;
  if ((instruction & RDTIME_MASK) != RDTIME_MATCH || !may_read_time() || board.mtime == 0)
    return false;
  register_write(frame, instruction >> 7 & 31, timer_now());
  instruction_skip(instruction);
  return true;
}
