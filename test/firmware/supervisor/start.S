// Entry points of the harts, the trap vector, and what C cannot express. tp holds the hart's id throughout.

#define STACK_SHIFT 13

  .section .text.start, "ax"
  .global _start
_start:
  la t0, bss_start
  la t1, bss_end
1:
  sd zero, (t0)
  addi t0, t0, 8
  bltu t0, t1, 1b
  la t2, payload
  j enter

  .global started
// Where hart_start sends the others: a1 = struct start *.
started:
  csrr a2, satp
  csrr a3, sstatus
  la t2, worker
enter:
  mv tp, a0
  la t0, vector
  csrw stvec, t0
  la sp, stacks
  addi t0, a0, 1
  slli t0, t0, STACK_SHIFT
  add sp, sp, t0
  mv s0, zero
  jalr t2

.macro each_caller_saved op
  .irp n, 1, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17, 28, 29, 30, 31
  \op x\n, 8 * \n(sp)
  .endr
.endm

  .text
  .balign 4
vector:
  addi sp, sp, -256
  each_caller_saved sd
  call trap
  each_caller_saved ld
  addi sp, sp, 256
  sret

  .global user_load
// Loads from the address a0 in user mode, and comes back by an ecall, which the trap handler turns into a return.
user_load:
  la t0, 1f
  csrw sepc, t0
  li t0, 0x100
  csrc sstatus, t0
  sret
1:
  ld a0, (a0)
  .option push
  .option norvc
  ecall
  .option pop
  ret

  .global ecall_with_pattern
// ecall_with_pattern(image, a0, a1, a6, a7): calls the firmware with 0x5a5a00 + n in every other register xn, and leaves
// in image[n] what they hold afterwards.
ecall_with_pattern:
  addi sp, sp, -512
  .irp n, 1, 3, 4, 8, 9, 10, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
  sd x\n, 256 + 8 * \n(sp)
  .endr
  mv a0, a1
  mv a1, a2
  mv a6, a3
  mv a7, a4
  .irp n, 1, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 15, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
  li x\n, 0x5a5a00 + \n
  .endr
  ecall
  .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
  sd x\n, 8 * \n(sp)
  .endr
  ld t0, 256 + 8 * 10(sp)
  .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
  ld t1, 8 * \n(sp)
  sd t1, 8 * \n(t0)
  .endr
  .irp n, 1, 3, 4, 8, 9, 10, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
  ld x\n, 256 + 8 * \n(sp)
  .endr
  addi sp, sp, 512
  ret

  .global suspend_and_resume
// suspend_and_resume(struct resume *): a non-retentive suspend that resumes as a return of 0. Returns the error if the
// firmware refuses. The structure: sp, s0-s11, ra, gp, then the a0, satp and sstatus that the resumed hart found.
suspend_and_resume:
  sd sp, 0(a0)
  .irp n, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
  sd x\n, 8 * \n(a0)
  .endr
  sd ra, 8(a0)
  sd gp, 24(a0)
  mv a2, a0
  li a0, 0x80000000
  la a1, 1f
  li a6, 3
  li a7, 0x48534d
  ecall
  ret
  .balign 4
1:
  csrr t0, satp
  csrr t1, sstatus
  sd a0, 32(a1)
  sd t0, 40(a1)
  sd t1, 48(a1)
  mv tp, a0
  ld sp, 0(a1)
  .irp n, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
  ld x\n, 8 * \n(a1)
  .endr
  ld ra, 8(a1)
  ld gp, 24(a1)
  li a0, 0
  ret

  .section .stacks, "aw", @nobits
stacks:
  .space 8 << STACK_SHIFT
