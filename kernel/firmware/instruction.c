#include "instruction.h"
#include "csr.h"
#include "guarded.h"

#define FETCH (MSTATUS_MPRV | MSTATUS_MXR)

static bool fetch_parcel(uint64_t address, uint32_t *parcel, struct exception *exception) {
  struct guarded result = guarded_load(address, 2, FETCH);
  *parcel = (uint32_t)result.value;
  if (result.fault == 0)
    return true;
  // It was fetched with a load, but is a fetch to whoever handles the exception.
  exception->cause = result.fault == CAUSE_LOAD_PAGE_FAULT ? CAUSE_FETCH_PAGE_FAULT : CAUSE_FETCH_ACCESS;
  exception->value = result.value;
  return false;
}

bool instruction_fetch(uint32_t *instruction, struct exception *exception) {
  uint64_t pc = csr_read(mepc);
  uint32_t low;
  uint32_t high = 0;
  if (!fetch_parcel(pc, &low, exception))
    return false;
  if (!instruction_is_compressed(low) && !fetch_parcel(pc + 2, &high, exception))
    return false;
  *instruction = high << 16 | low;
  return true;
}

void instruction_skip(uint32_t instruction) {
  csr_write(mepc, csr_read(mepc) + (instruction_is_compressed(instruction) ? 2 : 4));
}
