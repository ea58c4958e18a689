#pragma once
// The instruction that raised the trap being handled.

#include "trap.h"
#include <stdbool.h>
#include <stdint.h>

// Fetches it as the interrupted program did. False if it is not there any more; `exception` is then the
// fetch's.
bool instruction_fetch(uint32_t *instruction, struct exception *exception);

// Two low bits that are both set mark an instruction of 32 bits, others a compressed one.
static inline bool instruction_is_compressed(uint32_t instruction) { return (instruction & 3) != 3; }

// Moves on past it.
void instruction_skip(uint32_t instruction);

// Sets a register, unless it is x0.
static inline void register_write(struct frame *frame, unsigned number, uint64_t value) {
  if (number != 0)
    frame->x[number] = value;
}
