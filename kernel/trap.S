// The way into the kernel and the way out. A context switch is nothing else: `trap` returns the trapframe to
// leave by, and it need not be the one that came in.
//
// In user mode sscratch points at the running thread's trapframe; in the kernel it is 0.

#include "hart.h"
#include "riscv.h"
#include "thread.h"

    .macro for_each_register_but_a0 instruction
    .irp    number, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \instruction x\number, 8 * \number(a0)
    .endr
    .endm

    .section .text.trap, "ax"
    .balign 4                       // stvec keeps its mode in the low two bits
    .globl trap_entry
trap_entry:
    csrrw   a0, sscratch, a0        // no register is free: park a0, and get the trapframe's address
    beqz    a0, trap_from_kernel
    sd      t0, TRAPFRAME_T0(a0)
    csrr    t0, scause
    addi    t0, t0, -CAUSE_USER_CALL
    bnez    t0, trap_slow
    addi    t0, a7, 3               // CALL_CALL, CALL_REPLY_WAIT and CALL_YIELD are -1, -2, -3
    sltiu   t0, t0, 3
    bnez    t0, fastpath

// a0 = trapframe, with t0 in it already; sscratch: the a0 that was.
    .globl trap_slow
trap_slow:
    .irp    number, 1,2,3,4,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    sd      x\number, 8 * \number(a0)
    .endr
    csrrw   a1, sscratch, zero      // 0: from here on a trap is the kernel's own
    csrr    a2, sepc
    csrr    a3, sstatus
    csrr    a4, scause
    csrr    a5, stval
    sd      a1, TRAPFRAME_A0(a0)
    sd      a2, TRAPFRAME_PC(a0)
    sd      a3, TRAPFRAME_SSTATUS(a0)
    sd      a4, TRAPFRAME_SCAUSE(a0)
    sd      a5, TRAPFRAME_STVAL(a0)
    sb      zero, THREAD_SHORT_FRAME(a0)
    ld      tp, TRAPFRAME_HART(a0)
    ld      sp, HART_STACK_TOP(tp)
    call    trap

// a0 = trapframe of the thread to go on with; its address space is already in satp.
    .globl resume_user
resume_user:
    ld      t0, TRAPFRAME_PC(a0)
    ld      t1, TRAPFRAME_SSTATUS(a0)
    csrw    sepc, t0
    csrw    sstatus, t1
    sc.d    zero, t0, (a0)          // a reservation the last thread left must not let this one's sc succeed
    csrw    sscratch, a0
    for_each_register_but_a0 ld
    ld      a0, TRAPFRAME_A0(a0)
    sret

// The kernel never traps on purpose and runs with interrupts off: this is a bug in it. Its stack may be the
// reason, so the report is made on another. Nothing returns from here.
trap_from_kernel:
    la      a0, kernel_trapframe
    for_each_register_but_a0 sd
    csrrw   t0, sscratch, zero
    csrr    t1, sepc
    csrr    t2, sstatus
    csrr    t3, scause
    csrr    t4, stval
    sd      t0, TRAPFRAME_A0(a0)
    sd      t1, TRAPFRAME_PC(a0)
    sd      t2, TRAPFRAME_SSTATUS(a0)
    sd      t3, TRAPFRAME_SCAUSE(a0)
    sd      t4, TRAPFRAME_STVAL(a0)
    la      sp, report_stack + HART_STACK_BYTES
    j       trap_panic

    .bss
    .balign 16
kernel_trapframe:
    .zero   TRAPFRAME_BYTES
    .balign 16
report_stack:
    .zero   HART_STACK_BYTES
