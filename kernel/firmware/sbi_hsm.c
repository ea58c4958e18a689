#include "board.h"
#include "hart.h"
#include "ipi.h"
#include "sbi.h"

enum hsm_function { HSM_START, HSM_STOP, HSM_GET_STATUS, HSM_SUSPEND };

#define SUSPEND_RETENTIVE     0
#define SUSPEND_NON_RETENTIVE 0x80000000

static bool is_hart(unsigned long id) { return id < MAX_HARTS && (board.harts >> id & 1) != 0; }

// Instructions are at even addresses, and the shortest has two bytes.
static bool is_executable(unsigned long address) {
  return address % 2 == 0 && board_is_supervisor_memory(address, 2);
}

static struct sbi_result start(unsigned long id, unsigned long address, unsigned long opaque) {
  // Keeps others from starting the hart between our check of its state and the change.
  static atomic_flag starting = ATOMIC_FLAG_INIT;
  if (!is_hart(id))
    return sbi_error(SBI_ERR_INVALID_PARAM);
  if (!is_executable(address))
    return sbi_error(SBI_ERR_INVALID_ADDRESS);

  struct hart *hart = &harts[id];
  while (atomic_flag_test_and_set_explicit(&starting, memory_order_acquire))
    ;
  bool stopped = atomic_load_explicit(&hart->state, memory_order_acquire) == HART_STOPPED;
  if (stopped) {
    hart->start_address = address;
    hart->start_opaque = opaque;
    atomic_store_explicit(&hart->state, HART_START_PENDING, memory_order_release);
  }
  atomic_flag_clear_explicit(&starting, memory_order_release);
  if (!stopped)
    return sbi_error(SBI_ERR_ALREADY_AVAILABLE);
  ipi_post(id, 0);
  return sbi_error(SBI_SUCCESS);
}

static struct sbi_result suspend(uint32_t type, unsigned long address, unsigned long opaque) {
  if (type != SUSPEND_RETENTIVE && type != SUSPEND_NON_RETENTIVE)
    return sbi_error(SBI_ERR_INVALID_PARAM);
  if (type == SUSPEND_NON_RETENTIVE && !is_executable(address))
    return sbi_error(SBI_ERR_INVALID_ADDRESS);
  hart_suspend();
  if (type == SUSPEND_NON_RETENTIVE)
    hart_enter_supervisor(address, opaque);
  return sbi_error(SBI_SUCCESS);
}

struct sbi_result sbi_hsm(const unsigned long registers[8]) {
  switch (registers[SBI_FUNCTION]) {
  case HSM_START:
    return start(registers[0], registers[1], registers[2]);
  case HSM_STOP:
    hart_stop();
  case HSM_GET_STATUS:
    if (!is_hart(registers[0]))
      return sbi_error(SBI_ERR_INVALID_PARAM);
    return sbi_value(atomic_load_explicit(&harts[registers[0]].state, memory_order_acquire));
  case HSM_SUSPEND:
    return suspend((uint32_t)registers[0], registers[1], registers[2]);
  default:
    return sbi_error(SBI_ERR_NOT_SUPPORTED);
  }
}
