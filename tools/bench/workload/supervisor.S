// Changes of privilege mode that C cannot express.

#define MSTATUS_MPP_S 0x0800
#define MSTATUS_MPP 0x1800
#define SSTATUS_SPP 0x0100
#define CAUSE_BREAKPOINT 3
// Everything that user mode can raise but breakpoints: causes 0 to 8, and the page faults.
#define DELEGATED 0xb1f7

  .text
  .globl enter_supervisor_mode
enter_supervisor_mode:
  la t0, user_end
  csrw mtvec, t0
  li t0, DELEGATED
  csrw medeleg, t0
  li t0, MSTATUS_MPP
  csrc mstatus, t0
  li t0, MSTATUS_MPP_S
  csrs mstatus, t0
  csrw mepc, ra
  mret

// uint64_t run_user(uint64_t entry, uint64_t argument)
  .globl run_user
run_user:
  addi sp, sp, -112
  sd ra, 0(sp)
  sd s0, 8(sp)
  sd s1, 16(sp)
  sd s2, 24(sp)
  sd s3, 32(sp)
  sd s4, 40(sp)
  sd s5, 48(sp)
  sd s6, 56(sp)
  sd s7, 64(sp)
  sd s8, 72(sp)
  sd s9, 80(sp)
  sd s10, 88(sp)
  sd s11, 96(sp)
  la t0, kernel_sp
  sd sp, (t0)
  csrw sscratch, sp
  csrw sepc, a0
  li t0, SSTATUS_SPP
  csrc sstatus, t0
  mv a0, a1
  sret

// User mode ends by ebreak. That this goes by machine mode keeps a check for the end out of the supervisor's handlers.
  .balign 4
user_end:
  csrr t0, mcause
  addi t0, t0, -CAUSE_BREAKPOINT
  bnez t0, machine_trap
  li t0, MSTATUS_MPP_S
  csrs mstatus, t0
  la t0, leave_user
  csrw mepc, t0
  mret

// Has run_user return what is in a0.
  .globl leave_user
leave_user:
  ld sp, kernel_sp
  ld ra, 0(sp)
  ld s0, 8(sp)
  ld s1, 16(sp)
  ld s2, 24(sp)
  ld s3, 32(sp)
  ld s4, 40(sp)
  ld s5, 48(sp)
  ld s6, 56(sp)
  ld s7, 64(sp)
  ld s8, 72(sp)
  ld s9, 80(sp)
  ld s10, 88(sp)
  ld s11, 96(sp)
  addi sp, sp, 112
  ret

  .bss
  .balign 8
kernel_sp:
  .skip 8
