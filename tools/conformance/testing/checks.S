/*
 * A program in the convention of riscv-tests: numbered tests, labels pass and fail, the number of the failed test in
 * tohost. What it does wrong is chosen by what is defined: WRONG, TRAP, LOOP, SLEEP, EXIT; PRINT has it print.
 */
  .section .text.init
  .globl _start
_start:
  j reset_vector
  .balign 4
trap_vector:
  csrr t5, mcause
  li t6, 8
  beq t5, t6, write_tohost
  ori gp, gp, 1337
write_tohost:
  la t5, tohost
  sw gp, 0(t5)
  sw zero, 4(t5)
  j write_tohost

reset_vector:
  la t0, trap_vector
  csrw mtvec, t0
  li t0, -1
  csrw pmpaddr0, t0
  li t0, 0x1f
  csrw pmpcfg0, t0
  li t0, 0x6000 # FS dirty, MPP user
  csrw mstatus, t0
  la t0, test_2
  csrw mepc, t0
  mret

test_2:
  li gp, 2
  li a1, 40
  li a2, 2
  add a4, a1, a2
  li t2, 42
  bne a4, t2, fail

test_3: # a word is sign-extended
  li gp, 3
  la a1, words
  lw a4, 0(a1)
  li t2, -2
  bne a4, t2, fail

test_4: # the flags of an inexact sum
  li gp, 4
  fsflags x0
  la a0, floats
  flw f0, 0(a0)
  flw f1, 4(a0)
  fadd.s f3, f0, f1
  fsflags a1, x0
  li a2, 1
  bne a1, a2, fail

#ifdef PRINT
test_5: # write(1, text, 6), as a program asks its host
  li gp, 5
  la a1, call
  la a2, tohost
  sd a1, 0(a2)
1:
  ld a3, 8(a2)
  beqz a3, 1b
  sd zero, 8(a2)
  ld a0, 0(a1)
  li t2, 6
  bne a0, t2, fail
#endif

test_7:
  li gp, 7
#ifdef TRAP
  .word 0xffffffff
#endif
#ifdef LOOP
1:
  addi a0, a0, 1
  j 1b
#endif
#ifdef EXIT
  li gp, 0x20001
  ecall
#endif
  li a1, 6
  li a2, 7
  mul a4, a1, a2
#ifdef WRONG
  li t2, 43
#else
  li t2, 42
#endif
  bne a4, t2, fail

pass:
  li gp, 1
  ecall
fail:
  beqz gp, fail
  slli gp, gp, 1
  ori gp, gp, 1
  ecall

  .section .tohost, "aw"
  .balign 64
  .globl tohost
tohost:
  .dword 0
  .globl fromhost
fromhost:
  .dword 0

  .data
  .balign 16
words:
  .word -2
floats:
  .float 1.0
  .float 1e-9
  .balign 64
call:
  .dword 64, 1, text, 6
text:
  .ascii "hello\n"
  .balign 16
  .globl begin_signature
begin_signature:
  .globl end_signature
end_signature:
