// The user program that faults, and the way into the handler in C.

  .section .user, "ax"
  .globl user_touches
// a0: address of the first page. Adds 1 to the first word of 64 pages, 16 times around.
user_touches:
  li t0, 16
  li t3, 4096
1:
  li t1, 64
  mv t4, a0
2:
  ld t2, (t4)
  addi t2, t2, 1
  sd t2, (t4)
  add t4, t4, t3
  addi t1, t1, -1
  bnez t1, 2b
  addi t0, t0, -1
  bnez t0, 1b
  ebreak

  .text
  .balign 4
  .globl fault_trap
fault_trap:
  csrrw sp, sscratch, sp
  addi sp, sp, -128
  sd ra, 0(sp)
  sd t0, 8(sp)
  sd t1, 16(sp)
  sd t2, 24(sp)
  sd t3, 32(sp)
  sd t4, 40(sp)
  sd t5, 48(sp)
  sd t6, 56(sp)
  sd a0, 64(sp)
  sd a1, 72(sp)
  sd a2, 80(sp)
  sd a3, 88(sp)
  sd a4, 96(sp)
  sd a5, 104(sp)
  sd a6, 112(sp)
  sd a7, 120(sp)
  csrr a0, scause
  csrr a1, stval
  call handle_fault
  ld ra, 0(sp)
  ld t0, 8(sp)
  ld t1, 16(sp)
  ld t2, 24(sp)
  ld t3, 32(sp)
  ld t4, 40(sp)
  ld t5, 48(sp)
  ld t6, 56(sp)
  ld a0, 64(sp)
  ld a1, 72(sp)
  ld a2, 80(sp)
  ld a3, 88(sp)
  ld a4, 96(sp)
  ld a5, 104(sp)
  ld a6, 112(sp)
  ld a7, 120(sp)
  addi sp, sp, 128
  csrrw sp, sscratch, sp
  sret
