# Runs trials one after another. Each starts from a state that lies in a pool in memory; its traps, and the state that
# it ends with, are logged to memory, where the host finds them. Addresses and layouts are those of ../world.ts.

.equ CONTROL, 0x80010000
.equ CONTROL_HARTS, 0
.equ CONTROL_LOG_BYTES, 8
.equ CONTROL_FINISHED, 64

# What a hart keeps: 256 bytes, of which the second half belongs to the handler in S-mode.
.equ SAVE, 0x80011000
.equ SAVE_X29, 0
.equ SAVE_X30, 8
.equ SAVE_X31, 16
.equ SAVE_LOG, 24
.equ SAVE_TRIAL, 32
.equ SAVE_END, 40
.equ SUPERVISOR_SAVE, 128

.equ POOL, 0x80600000
.equ LOG, 0x80a00000

# A trial.
.equ TRIAL_BYTES, 768
.equ TRIAL_MSTATUS, 0
.equ TRIAL_SATP, 8
.equ TRIAL_ENTRY, 16
.equ TRIAL_END, 24
.equ TRIAL_MEDELEG, 32
.equ TRIAL_MIDELEG, 40
.equ TRIAL_MIP, 48
.equ TRIAL_MIE, 56
.equ TRIAL_MCOUNTEREN, 64
.equ TRIAL_SCOUNTEREN, 72
.equ TRIAL_FCSR, 80
.equ TRIAL_MENVCFG, 88
.equ TRIAL_SENVCFG, 96
.equ TRIAL_PMPCFG0, 104
.equ TRIAL_PMPADDR, 112
.equ TRIAL_X, 160
.equ TRIAL_F, 416

# The log's records.
.equ RECORD_MACHINE_TRAP, 1
.equ RECORD_END, 2
.equ RECORD_SUPERVISOR_TRAP, 3
.equ TRAP_BYTES, 40

.equ SYSCON, 0x100000
.equ SYSCON_PASS, 0x5555
.equ MTIMECMP, 0x2004000
.equ MSTATUS_FS, 0x6000
.equ MSTATUS_MPRV, 1 << 17
.equ MSTATUS_TVM_TW_TSR, 7 << 20
# User code lies 1 GiB above its physical address as well.
.equ USER_ALIAS, 1 << 30

.option norvc
.option norelax


.macro trap_record register, tag, cause, epc, tval, status
  csrr x30, \cause
  sd x30, 8(\register)
  csrr x30, \epc
  sd x30, 16(\register)
  csrr x30, \tval
  sd x30, 24(\register)
  csrr x30, \status
  sd x30, 32(\register)
  li x30, \tag
  sd x30, 0(\register)
.endm

# Leaves in x30 the address of the instruction after the one at \epc. Spoils x29.
.macro after epc
  csrr x29, \epc
  li x30, ~USER_ALIAS
  and x29, x29, x30
  lhu x29, 0(x29)
  andi x29, x29, 3
  addi x29, x29, -3
  seqz x29, x29
  slli x29, x29, 1
  addi x29, x29, 2
  csrr x30, \epc
  add x30, x30, x29
.endm

.macro load_csr csr, offset
  ld t1, \offset(x31)
  csrw \csr, t1
.endm

.macro dump_csr csr
  csrr x1, \csr
  sd x1, at(x30)
  .set at, at + 8
.endm

.globl _start
_start:
  # QEMU's timer interrupts at once unless told otherwise; where there is none, the store goes nowhere.
  la t0, no_timer
  csrw mtvec, t0
  csrr t2, mhartid
  li t0, MTIMECMP
  slli t1, t2, 3
  add t0, t0, t1
  li t1, -1
  sd t1, 0(t0)
.balign 4
no_timer:
  la t0, machine_trap
  csrw mtvec, t0
  li t0, SAVE
  slli t1, t2, 8
  add t0, t0, t1
  csrw mscratch, t0
  li t1, CONTROL
  ld t1, CONTROL_LOG_BYTES(t1)
  mul t1, t1, t2
  li t3, LOG
  add t1, t1, t3
  sd t1, SAVE_LOG(t0)
  li t1, TRIAL_BYTES
  mul t1, t1, t2
  li t3, POOL
  add t1, t1, t3
  sd t1, SAVE_TRIAL(t0)

next_trial:
  csrr t0, mscratch
  ld x31, SAVE_TRIAL(t0)
  ld t1, TRIAL_ENTRY(x31)
  beqz t1, finish
  ld t2, TRIAL_END(x31)
  sd t2, SAVE_END(t0)
  addi t1, t0, SUPERVISOR_SAVE
  csrw sscratch, t1
  csrw mie, x0
  csrw pmpcfg0, x0
  csrw pmpcfg2, x0
  load_csr pmpaddr0, TRIAL_PMPADDR
  load_csr pmpaddr1, TRIAL_PMPADDR + 8
  load_csr pmpaddr2, TRIAL_PMPADDR + 16
  load_csr pmpaddr3, TRIAL_PMPADDR + 24
  li t1, -1
  csrw pmpaddr7, t1
  load_csr pmpcfg0, TRIAL_PMPCFG0
  load_csr satp, TRIAL_SATP
  sfence.vma
  load_csr medeleg, TRIAL_MEDELEG
  load_csr mideleg, TRIAL_MIDELEG
  load_csr 0x30a, TRIAL_MENVCFG
  load_csr 0x10a, TRIAL_SENVCFG
  load_csr mip, TRIAL_MIP
  load_csr mcounteren, TRIAL_MCOUNTEREN
  load_csr scounteren, TRIAL_SCOUNTEREN
  la t1, supervisor_trap
  csrw stvec, t1
  csrw sepc, x0
  csrw scause, x0
  csrw stval, x0
  csrw mcause, x0
  csrw mtval, x0
  li t1, MSTATUS_FS
  csrs mstatus, t1
  ld t1, TRIAL_FCSR(x31)
  fscsr t1
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
  fld f\n, TRIAL_F + 8 * \n(x31)
  .endr
  load_csr mstatus, TRIAL_MSTATUS
  load_csr mie, TRIAL_MIE
  load_csr mepc, TRIAL_ENTRY
  .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
  ld x\n, TRIAL_X + 8 * \n(x31)
  .endr
  mret

# Says that all is done, and ends where there is something to end.
finish:
  la t0, finished
  csrw mtvec, t0
  csrw mie, x0
  li t1, CONTROL + CONTROL_FINISHED
  csrr t2, mhartid
  slli t2, t2, 3
  add t1, t1, t2
  li t2, 1
  sd t2, 0(t1)
  li t1, SYSCON
  li t2, SYSCON_PASS
  sw t2, 0(t1)
.balign 4
finished:
  wfi
  j finished

.balign 4
machine_trap:
  csrrw x31, mscratch, x31
  sd x30, SAVE_X30(x31)
  sd x29, SAVE_X29(x31)
  csrrw x30, mscratch, x31
  sd x30, SAVE_X31(x31)
  ld x29, SAVE_LOG(x31)
  trap_record x29, RECORD_MACHINE_TRAP, mcause, mepc, mtval, mstatus
  addi x29, x29, TRAP_BYTES
  sd x29, SAVE_LOG(x31)
  csrr x30, mcause
  bltz x30, machine_interrupt
  csrr x29, mepc
  li x30, ~USER_ALIAS
  and x29, x29, x30
  ld x30, SAVE_END(x31)
  beq x29, x30, dump
  la x30, supervisor_gives_up
  beq x29, x30, dump
  # Where the instruction cannot be fetched, it cannot be skipped either: causes 0, 1, 12.
  csrr x30, mcause
  beqz x30, dump
  addi x30, x30, -1
  beqz x30, dump
  addi x30, x30, -11
  beqz x30, dump
  after mepc
  csrw mepc, x30
  j machine_return
# An interrupt comes once.
machine_interrupt:
  li x29, 1
  sll x29, x29, x30
  csrc mie, x29
machine_return:
  ld x29, SAVE_X29(x31)
  ld x30, SAVE_X30(x31)
  ld x31, SAVE_X31(x31)
  mret

# Where the host sends a hart whose trial takes too long.
.globl abandon
abandon:
  csrr x31, mhartid
  slli x31, x31, 8
  li x30, SAVE
  add x31, x31, x30
  csrw mscratch, x31

dump:
  ld x30, SAVE_LOG(x31)
  .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28
  sd x\n, 8 * \n(x30)
  .endr
  ld x1, SAVE_X29(x31)
  sd x1, 8 * 29(x30)
  ld x1, SAVE_X30(x31)
  sd x1, 8 * 30(x30)
  ld x1, SAVE_X31(x31)
  sd x1, 8 * 31(x30)
  li x1, RECORD_END
  sd x1, 0(x30)
  .set at, 512
  dump_csr mstatus
  li x2, MSTATUS_FS
  csrs mstatus, x2
  li x2, MSTATUS_MPRV | MSTATUS_TVM_TW_TSR
  csrc mstatus, x2
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
  fsd f\n, 256 + 8 * \n(x30)
  .endr
  # world.ts names these in this order.
  dump_csr fcsr
  dump_csr medeleg
  dump_csr mideleg
  dump_csr mie
  dump_csr mip
  dump_csr mcounteren
  dump_csr scounteren
  dump_csr satp
  dump_csr stvec
  dump_csr sscratch
  dump_csr sepc
  dump_csr scause
  dump_csr stval
  dump_csr 0x10a
  dump_csr 0x30a
  dump_csr sstatus
  dump_csr sie
  dump_csr sip
  dump_csr pmpcfg0
  dump_csr pmpcfg2
  dump_csr pmpaddr0
  dump_csr pmpaddr8
  addi x30, x30, at
  sd x30, SAVE_LOG(x31)
  li x29, CONTROL
  ld x29, CONTROL_HARTS(x29)
  li x30, TRIAL_BYTES
  mul x29, x29, x30
  ld x30, SAVE_TRIAL(x31)
  add x30, x30, x29
  sd x30, SAVE_TRIAL(x31)
  j next_trial

.balign 4
supervisor_trap:
  csrrw x31, sscratch, x31
  sd x30, SAVE_X30(x31)
  sd x29, SAVE_X29(x31)
  csrrw x30, sscratch, x31
  sd x30, SAVE_X31(x31)
  ld x29, SAVE_LOG - SUPERVISOR_SAVE(x31)
  trap_record x29, RECORD_SUPERVISOR_TRAP, scause, sepc, stval, sstatus
  addi x29, x29, TRAP_BYTES
  sd x29, SAVE_LOG - SUPERVISOR_SAVE(x31)
  csrr x30, scause
  bltz x30, supervisor_interrupt
  beqz x30, supervisor_gives_up
  addi x30, x30, -1
  beqz x30, supervisor_gives_up
  addi x30, x30, -11
  beqz x30, supervisor_gives_up
  after sepc
  csrw sepc, x30
  j supervisor_return
supervisor_interrupt:
  li x29, 1
  sll x29, x29, x30
  csrc sie, x29
supervisor_return:
  ld x29, SAVE_X29(x31)
  ld x30, SAVE_X30(x31)
  ld x31, SAVE_X31(x31)
  sret
supervisor_gives_up:
  ecall
