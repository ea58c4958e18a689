#include "power.h"
#include "sbi.h"
#include <stdint.h>

#define SRST_RESET 0

enum reset_type { RESET_SHUTDOWN, RESET_COLD_REBOOT, RESET_WARM_REBOOT };
enum reset_reason { REASON_NONE, REASON_SYSTEM_FAILURE };

// What the host sees when the supervisor gives up.
#define FAILURE_STATUS 1

struct sbi_result sbi_srst(const unsigned long registers[8]) {
  if (registers[SBI_FUNCTION] != SRST_RESET)
    return sbi_error(SBI_ERR_NOT_SUPPORTED);
  uint32_t type = (uint32_t)registers[0];
  uint32_t reason = (uint32_t)registers[1];
  if (type > RESET_WARM_REBOOT || reason > REASON_SYSTEM_FAILURE)
    return sbi_error(SBI_ERR_INVALID_PARAM);
  if (type == RESET_SHUTDOWN)
    power_off(reason == REASON_NONE ? 0 : FAILURE_STATUS);
  // The board has one kind of reset, of everything.
  power_reset();
}
