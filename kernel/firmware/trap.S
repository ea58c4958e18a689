// Traps into machine mode. mscratch holds the hart's stack while the supervisor runs and 0 while the firmware does.

#include "csr.h"
#include "layout.h"

.macro each_caller_saved op
  .irp n, 1, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17, 28, 29, 30, 31
  \op x\n, FRAME_X(\n)(sp)
  .endr
.endm

.macro each_callee_saved op
  .irp n, 3, 4, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
  \op x\n, FRAME_X(\n)(sp)
  .endr
.endm

  .text
  .global trap_entry
  .balign 4
trap_entry:
  csrrw sp, mscratch, sp
  beqz sp, trap_in_firmware
  addi sp, sp, -FRAME_SIZE
  each_caller_saved sd
  csrrw t0, mscratch, zero
  sd t0, FRAME_X(2)(sp)
  csrr t0, mcause
  li t1, CAUSE_ECALL_S
  bne t0, t1, 1f

  // C preserves s0-s11, gp and tp by itself: the common calls need no more of the frame than this.
  csrr t0, mepc
  addi t0, t0, 4
  csrw mepc, t0
  addi a0, sp, FRAME_X(10)
  call sbi_call
  sd a0, FRAME_X(10)(sp)
  sd a1, FRAME_X(11)(sp)
  j trap_return

1:
  bgez t0, 2f
  mv a0, t0
  call trap_interrupt
  j trap_return

2:
  sd zero, FRAME_X(0)(sp)
  each_callee_saved sd
  mv a0, sp
  call trap_exception
  each_callee_saved ld

trap_return:
  addi t0, sp, FRAME_SIZE
  csrw mscratch, t0
  each_caller_saved ld
  ld sp, FRAME_X(2)(sp)
  mret

// The firmware itself trapped: report once, on a stack of its own, and switch the machine off.
trap_in_firmware:
  la sp, panic_claimed
  amoswap.w sp, sp, (sp)
  beqz sp, 1f
  tail halt
1:
  la sp, panic_stack_end - FRAME_SIZE
  each_caller_saved sd
  each_callee_saved sd
  csrr t0, mscratch
  sd t0, FRAME_X(2)(sp)
  la t0, trap_in_panic
  csrw mtvec, t0
  mv a0, sp
  tail panic

  .balign 4
trap_in_panic:
  la t0, halt
  csrw mtvec, t0
  la sp, panic_stack_end
  li a0, 1
  tail power_off

  .data
  .balign 4
panic_claimed:
  .word 0

  .section .stacks, "aw", @nobits
  .balign 16
  .space 1 << 12
panic_stack_end:
