#pragma once
// The board as its device tree describes it; without a tree, as QEMU's `virt` has it.

#include "fdt.h"
#include <stdbool.h>
#include <stdint.h>

#define MAX_MEMORIES 4

struct range {
  uint64_t base;
  uint64_t bytes;
};

struct board {
  // Bit i: there is a hart with id i.
  uint32_t harts;
  // riscv,isa of the first hart; points into the tree.
  const char *isa;
  // Frequency of the clock.
  uint64_t ticks_per_second;
  struct range memory[MAX_MEMORIES];
  unsigned memories;
  // Addresses of devices, 0 for one the board lacks. msip and mtimecmp are arrays indexed by hart.
  uint64_t msip;
  uint64_t mtimecmp;
  uint64_t mtime;
  uint64_t uart;
  uint64_t finisher;
};

extern struct board board;

// Reads the tree into `board`. False, and `board` left alone, if the tree is malformed.
bool board_discover(const struct fdt *tree);

// The memory that the firmware keeps to itself.
struct range firmware_memory(void);

// Whether all of [base, base + bytes) is memory that the supervisor may hand to the firmware: RAM, but not
// its own.
bool board_is_supervisor_memory(uint64_t base, uint64_t bytes);
