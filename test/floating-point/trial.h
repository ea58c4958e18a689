#pragma once

#include <stdint.h>

/** What the source registers hold. */
enum operands { SINGLES, DOUBLES, INTEGERS };

/** An instruction to try: trials.S makes a table of them. */
struct trial {
  const char *text;
  const void *code;
  uint64_t operands;
};

/** What an instruction leaves in its register of either file, and the flags it raises. */
struct outcome {
  uint64_t integer;
  uint64_t floating;
  uint64_t flags;
};

/** Executes the instruction on three operands (the first in an integer register too) in a rounding mode. */
void try(const void *code, const uint64_t operands[3], uint64_t mode, struct outcome *outcome);

extern const struct trial trials[], trials_end[];
