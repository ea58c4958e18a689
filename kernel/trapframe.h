// Everything a thread's execution consists of while it is not executing: saved here, and nowhere else, by the
// first instructions of a trap, restored from here by the last ones before user mode. Switching threads is
// leaving by another thread's trapframe than the one that came in.
#pragma once

#define TRAPFRAME_PC      (8 * 0) // x0 needs no place: pc has it, so that x1..x31 are at 8 * their number
#define TRAPFRAME_T0      (8 * 5)
#define TRAPFRAME_T1      (8 * 6)
#define TRAPFRAME_A0      (8 * 10)
#define TRAPFRAME_A1      (8 * 11)
#define TRAPFRAME_A2      (8 * 12)
#define TRAPFRAME_A3      (8 * 13)
#define TRAPFRAME_A4      (8 * 14)
#define TRAPFRAME_A5      (8 * 15)
#define TRAPFRAME_A6      (8 * 16)
#define TRAPFRAME_A7      (8 * 17)
#define TRAPFRAME_SSTATUS (8 * 32)
#define TRAPFRAME_SCAUSE  (8 * 33)
#define TRAPFRAME_STVAL   (8 * 34)
#define TRAPFRAME_HART    (8 * 35)
#define TRAPFRAME_BYTES   (8 * 36)

#ifndef __ASSEMBLER__

#include "types.h"

struct trapframe {
  uint64_t pc;
  uint64_t ra, sp, gp, tp;
  uint64_t t0, t1, t2;
  uint64_t s0, s1;
  uint64_t a0, a1, a2, a3, a4, a5, a6, a7;
  uint64_t s2, s3, s4, s5, s6, s7, s8, s9, s10, s11;
  uint64_t t3, t4, t5, t6;
  uint64_t sstatus;
  uint64_t scause, stval;
  struct hart *hart; // that the thread runs on, or ran on last: whose stack the next trap uses
};

_Static_assert(offsetof(struct trapframe, pc) == TRAPFRAME_PC, "trap.S");
_Static_assert(offsetof(struct trapframe, t0) == TRAPFRAME_T0, "trap.S");
_Static_assert(offsetof(struct trapframe, a0) == TRAPFRAME_A0, "trap.S");
_Static_assert(offsetof(struct trapframe, t6) == 8 * 31, "trap.S");
_Static_assert(offsetof(struct trapframe, sstatus) == TRAPFRAME_SSTATUS, "trap.S");
_Static_assert(offsetof(struct trapframe, scause) == TRAPFRAME_SCAUSE, "trap.S");
_Static_assert(offsetof(struct trapframe, stval) == TRAPFRAME_STVAL, "trap.S");
_Static_assert(offsetof(struct trapframe, hart) == TRAPFRAME_HART, "trap.S");
_Static_assert(sizeof(struct trapframe) == TRAPFRAME_BYTES, "trap.S");

#endif
