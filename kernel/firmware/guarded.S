// Loads and stores that may fault: mtvec points past the loop while it runs. Nothing but registers is touched, because
// with mstatus.MPRV set every load and store of this code would be translated.

  .text
  .global guarded_load
// struct guarded guarded_load(address, bytes, mstatus_bits)
guarded_load:
  csrr t0, mepc
  csrr t1, mstatus
  la t2, 2f
  csrrw t2, mtvec, t2
  li a3, 0
  li a4, 0
  csrs mstatus, a2
1:
  lbu t3, (a0)
  sll t3, t3, a3
  or a4, a4, t3
  addi a3, a3, 8
  addi a0, a0, 1
  addi a1, a1, -1
  bnez a1, 1b
  csrw mstatus, t1
  csrw mtvec, t2
  mv a0, a4
  ret
  .balign 4
2:
  // An exception has set mepc and mstatus.MPP anew.
  csrr a1, mcause
  csrw mstatus, t1
  csrw mepc, t0
  csrw mtvec, t2
  ret

  .global guarded_store
// struct guarded guarded_store(address, bytes, mstatus_bits, value)
guarded_store:
  csrr t0, mepc
  csrr t1, mstatus
  la t2, 2f
  csrrw t2, mtvec, t2
  csrs mstatus, a2
1:
  sb a3, (a0)
  srli a3, a3, 8
  addi a0, a0, 1
  addi a1, a1, -1
  bnez a1, 1b
  csrw mstatus, t1
  csrw mtvec, t2
  ret
  .balign 4
2:
  csrr a1, mcause
  csrw mstatus, t1
  csrw mepc, t0
  csrw mtvec, t2
  ret
