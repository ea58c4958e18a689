#include "hart.h"
#include "ipi.h"
#include "sbi.h"

#define IPI_SEND 0

struct sbi_result sbi_ipi(const unsigned long registers[8]) {
  uint32_t set;
  if (registers[SBI_FUNCTION] != IPI_SEND)
    return sbi_error(SBI_ERR_NOT_SUPPORTED);
  if (!hart_set(registers[0], registers[1], &set))
    return sbi_error(SBI_ERR_INVALID_PARAM);
  ipi_interrupt_supervisors(set);
  return sbi_error(SBI_SUCCESS);
}
