// From reset to C, and from C to the supervisor.

#include "layout.h"

  .section .text.start, "ax"
  .global _start
// Every hart: a0 = hart id, a1 = device tree, a2 = struct fw_dynamic_info (see boot.c).
_start:
  csrw mie, zero
  csrci mstatus, 8
  csrr a0, mhartid
  li t0, MAX_HARTS
  bltu a0, t0, 1f
  tail halt
1:
  la t0, trap_entry
  csrw mtvec, t0
  csrw mscratch, zero
  addi t0, a0, 1
  slli t0, t0, STACK_SHIFT
  la sp, stacks
  add sp, sp, t0
  mv s0, zero
  mv ra, zero
  tail boot

  .text
  .global supervisor_enter
// supervisor_enter(hart, opaque, address): leaves the firmware with only a0 and a1 set.
supervisor_enter:
  csrw mepc, a2
  addi t0, a0, 1
  slli t0, t0, STACK_SHIFT
  la t1, stacks
  add t0, t0, t1
  csrw mscratch, t0
  .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
  mv x\n, zero
  .endr
  mret

  .global halt
  .balign 4
halt:
  csrw mie, zero
1:
  wfi
  j 1b

  .section .stacks, "aw", @nobits
stacks:
  .space MAX_HARTS << STACK_SHIFT
