// The way into the kernel and the way out. A context switch is nothing else: `trap` returns the trapframe to
// leave by, and it need not be the one that came in.
//
// In user mode sscratch points at the running thread's trapframe; in the kernel it is 0.

#include "hart.h"
#include "riscv.h"
#include "trapframe.h"

    .macro for_each_register_but_a0 instruction
    .irp    number, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \instruction x\number, 8 * \number(a0)
    .endr
    .endm

    .text
    .balign 4                       // stvec keeps its mode in the low two bits
    .globl trap_entry
trap_entry:
    csrrw   a0, sscratch, a0        // no register is free: park a0, and get the trapframe's address
    beqz    a0, trap_from_kernel
    .irp    number, 1,2,3,4,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27
    sd      x\number, 8 * \number(a0)
    .endr
    csrrw   a1, sscratch, zero      // the a0 that was; and 0: from here on a trap is the kernel's own
    csrr    a2, sepc
    csrr    a3, sstatus
    csrr    a4, scause
    sd      a1, TRAPFRAME_A0(a0)
    sd      a2, TRAPFRAME_PC(a0)
    sd      a3, TRAPFRAME_SSTATUS(a0)
    sd      a4, TRAPFRAME_SCAUSE(a0)
    ld      tp, TRAPFRAME_HART(a0)
    ld      sp, HART_STACK_TOP(tp)
    addi    a4, a4, -CAUSE_USER_CALL
    bnez    a4, save_the_rest
    bgez    a7, save_the_rest       // a system call of another personality preserves all registers

    // A kernel call does not preserve t0..t6: those in the trapframe are old, but the thread's own.
    addi    a7, a7, 2
    beqz    a7, fastpath_reply_wait_entry
    li      a1, 1
    beq     a7, a1, fastpath_call_entry
    call    trap
    j       resume_user
fastpath_call_entry:
    call    fastpath_call
    j       resume_user
fastpath_reply_wait_entry:
    call    fastpath_reply_wait
    j       resume_user

save_the_rest:
    .irp    number, 5,6,7,28,29,30,31
    sd      x\number, 8 * \number(a0)
    .endr
    csrr    a1, stval
    sd      a1, TRAPFRAME_STVAL(a0)
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
