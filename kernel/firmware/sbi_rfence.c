#include "fence.h"
#include "hart.h"
#include "sbi.h"

// The four functions that follow these are the hypervisor's.
enum rfence_function { RFENCE_FENCE_I, RFENCE_SFENCE_VMA, RFENCE_SFENCE_VMA_ASID };

static const enum fence_kind kinds[] = {
    [RFENCE_FENCE_I] = FENCE_I,
    [RFENCE_SFENCE_VMA] = FENCE_VMA,
    [RFENCE_SFENCE_VMA_ASID] = FENCE_VMA_ASID,
};

struct sbi_result sbi_rfence(const unsigned long registers[8]) {
  uint32_t set;
  if (registers[SBI_FUNCTION] > RFENCE_SFENCE_VMA_ASID)
    return sbi_error(SBI_ERR_NOT_SUPPORTED);
  if (!hart_set(registers[0], registers[1], &set))
    return sbi_error(SBI_ERR_INVALID_PARAM);
  struct fence fence = {kinds[registers[SBI_FUNCTION]], registers[2], registers[3], registers[4]};
  if (fence.kind != FENCE_I && !fence_is_valid(&fence))
    return sbi_error(SBI_ERR_INVALID_ADDRESS);
  fence_execute(set, &fence);
  return sbi_error(SBI_SUCCESS);
}
