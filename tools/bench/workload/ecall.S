// t0 is the supervisor's to change.

  .section .user, "ax"
  .globl user_calls
// a0: how often to call. The supervisor counts, so that the loop ends only if it was there each time.
user_calls:
  li a1, 0
1:
  ecall
  bne a1, a0, 1b
  mv a0, a1
  ebreak

  .text
  .balign 4
  .globl step_over_call
step_over_call:
  csrr t0, sepc
  addi t0, t0, 4
  csrw sepc, t0
  addi a1, a1, 1
  sret
