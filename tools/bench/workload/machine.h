// The little machine a workload runs on: QEMU's virt board without firmware.
#pragma once

#include "workload.h"

// Instructions retired on this hart. QEMU without icount answers with host time instead.
static inline uint64_t instructions_retired(void) {
  uint64_t count;
  __asm__ volatile("rdinstret %0" : "=r"(count));
  return count;
}

void print(const char *text);
void print_hex(uint64_t value);
void print_decimal(uint64_t value);

// Adds the instructions another hart retired to the total that is printed.
void count_instructions(uint64_t instructions);

// Called by start.S: on hart 0, on the others, and when machine mode takes a trap.
_Noreturn void first_hart(void);
void other_hart(uint64_t hart);
_Noreturn void unexpected_trap(uint64_t cause, uint64_t pc, uint64_t value);

// Ends the run; a status of 0 means success.
_Noreturn void power_off(uint32_t status);
