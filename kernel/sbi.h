// Calls to the firmware beneath (RISC-V SBI 2.0), with the legacy calls of SBI 0.1 where an extension is
// missing.
#pragma once

#include "types.h"

// Finds out which extensions the firmware has.
void sbi_probe(void);

// Interrupts this hart when `time` reaches `deadline`; a deadline that has not been reached clears the
// interrupt.
void sbi_set_timer(uint64_t deadline);

// Raises the supervisor software interrupt of another hart.
void sbi_send_interrupt(uint64_t hart_id);

// A set of harts by id: `base` + the numbers of the bits in `mask`.
struct sbi_harts {
  uint64_t mask, base;
};

// Have other harts execute FENCE.I, or SFENCE.VMA for a range of addresses under one ASID or under all, and
// return when they have. Return false if the firmware cannot.
bool sbi_fence_instructions(struct sbi_harts harts);
bool sbi_fence_asid(struct sbi_harts harts, user_address start, uint64_t bytes, uint64_t asid);
bool sbi_fence_everything(struct sbi_harts harts);

// Starts a stopped hart at a physical address with `opaque` in a1. Returns whether it will start.
bool sbi_start_hart(uint64_t hart_id, physical_address start, uint64_t opaque);

// Return only if the firmware cannot.
void sbi_power_off(void);
void sbi_reboot(void);

void sbi_console_write(char byte);
