// The trap vector of the tests, and the instructions that C has no words for. Kernel and user code share stack and
// tp: all user code here is ours.

  .text
  .balign 4
  .global trap_entry
trap_entry:
  addi sp, sp, -256
  .irp n, 1, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17, 28, 29, 30, 31
  sd x\n, 8 * \n(sp)
  .endr
  mv a0, sp
  call test_trap
  .irp n, 1, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17, 28, 29, 30, 31
  ld x\n, 8 * \n(sp)
  .endr
  addi sp, sp, 256
  sret

// What entry.S goes to after kernel_main and secondary_main, which do not return here.
  .global resume_user
resume_user:
  j resume_user

  .option push
  .option norvc // the trap handler skips an access that cannot be by 4 bytes
  .global user_load
// user_load(address) -> value
user_load:
  li t0, 1 << 18 // SUM: user pages are accessible
  csrs sstatus, t0
  ld a0, (a0)
  csrc sstatus, t0
  ret

  .global user_store
// user_store(address, value)
user_store:
  li t0, 1 << 18
  csrs sstatus, t0
  sd a1, (a0)
  csrc sstatus, t0
  ret

  .global user_call
// user_call(address) -> a0: executes in user mode what is there, up to an ecall, which the trap handler makes a return.
user_call:
  csrw sepc, a0
  li t0, 1 << 8 // SPP
  csrc sstatus, t0
  sret

  .global code_one, code_two
code_one:
  li a0, 1
  ecall
code_two:
  li a0, 2
  ecall
  .option pop
