// The fast path: a call or an answer with a short message whose other side waits for it and runs at once, and
// giving the hart to another thread that is as urgent. It does what channel.c and sched.c do in general.
//
// Each is a list of checks that may bail out to the slow path, then a point of no return. Up to that point
// nothing has been changed, behind it nothing can fail. The message never leaves its registers, a1..a5.
//
//   a0  trapframe of the thread that calls; sscratch holds its a0
//   t6  the hart         t5  the kernel's lock
//   t4  trapframe of the thread to go on with
//   t3  endpoint         t2  capability         t1  process that calls
//
// t0..t6 are free, since kernel calls do not preserve them, and a6 and a7 once they are in the trapframe.

#include "abi/call.h"
#include "abi/message.h"
#include "capability.h"
#include "channel.h"
#include "hart.h"
#include "process.h"
#include "riscv.h"
#include "thread.h"

#define ENDPOINT   3 // of enum object_type, enum run_state, enum wait_reason
#define READY      1
#define RUNNING    2
#define WAITING    3
#define ON_MESSAGE 2
#define ON_REPLY   3

// From a pointer to a thread to one to its member that is at `offset` from its trapframe.
#define FROM_THREAD(offset) ((offset) - THREAD_SELF)

    // t2 = the capability that the handle in t0 names: to an endpoint, with a right; t3 = the endpoint.
    .macro find_endpoint right
    ld      t1, THREAD_PROCESS(a0)
    lwu     t2, PROCESS_TABLE + TABLE_PLACES(t1)
    ld      t3, PROCESS_TABLE + TABLE_PAGES(t1)
    bgeu    t0, t2, bail_out
    srli    t2, t0, 6
    slli    t2, t2, 3
    add     t3, t3, t2
    ld      t2, (t3)
    andi    t0, t0, 63
    slli    t0, t0, CAPABILITY_SHIFT
    add     t2, t2, t0
    lw      t0, CAPABILITY_RIGHTS(t2)
    srliw   t3, t0, 16
    addi    t3, t3, -ENDPOINT
    bnez    t3, bail_out
    andi    t0, t0, \right
    beqz    t0, bail_out
    ld      t3, CAPABILITY_OBJECT(t2)
    .endm

    // All of the message is in registers, no capabilities, not urgent, no label of the kernel's; no deadline.
    .macro check_message
    bltz    a1, bail_out
    sext.w  t0, a1
    sltiu   t0, t0, MESSAGE_REGISTERS + 1
    beqz    t0, bail_out
    addi    t0, a6, 1
    bnez    t0, bail_out
    .endm

    // Nothing about the two threads that the fast path does not deal with; or only that they are not for all harts,
    // and this one is among those of the one to go on with.
    .macro check_threads
    ld      t0, THREAD_OBSTACLES(a0)
    ld      a6, THREAD_OBSTACLES(t4)
    or      t0, t0, a6
    bnez    t0, 1f
2:
    .subsection 1
1:  li      a6, ~(0xff << 8 * OBSTACLE_PINNED)
    and     t0, t0, a6
    bnez    t0, bail_out
    ld      t0, THREAD_AFFINITY(t4)
    ld      a6, HART_BIT(t6)
    and     t0, t0, a6
    beqz    t0, bail_out
    j       2b
    .previous
    .endm

    // a6 = the process to go on with; its TLB entries are good on this hart.
    .macro check_space
    ld      a6, THREAD_PROCESS(t4)
    beq     a6, t1, 1f
    ld      t0, PROCESS_SPACE + SPACE_CURRENT(a6)
    ld      a7, HART_BIT(t6)
    and     t0, t0, a7
    beqz    t0, bail_out
1:
    .endm

    // Nobody is ready who is more urgent than the thread to go on with, whose priority is in t0.
    .macro check_nobody_more_urgent
    ld      a7, HART_READY(t6)
    srl     a7, a7, t0
    srli    a7, a7, 1
    bnez    a7, bail_out
    .endm

    // Saves what kernel calls preserve; pc behind the call if it is over.
    .macro save_registers over
    csrr    t0, sepc
    .irp    number, 1,2,3,4,8,9,18,19,20,21,22,23,24,25,26,27
    sd      x\number, 8 * \number(a0)
    .endr
    .if     \over
    addi    t0, t0, 4
    .endif
    sd      t0, TRAPFRAME_PC(a0)
    .endm

    // The hart goes over to t4's thread.
    .macro switch_thread
    addi    t0, t4, THREAD_SELF
    sd      t0, HART_RUNNING(t6)
    sd      t6, TRAPFRAME_HART(t4)
    sub     a6, a6, t1
    bnez    a6, 1f
2:  beqz    t5, 3f
    fence   rw, w
    sw      zero, (t5)
3:
    .subsection 1
1:  add     a6, a6, t1
    addi    a6, a6, PROCESS_SPACE
    ld      t0, SPACE_SATP(a6)
    sd      a6, HART_SPACE(t6)
    csrw    satp, t0
    rdtime  t0                      // what a process's threads take is its own to divide up
    ld      t1, HART_SINCE(t6)
    sd      t0, HART_SINCE(t6)
    sub     t0, t0, t1
    ld      t1, THREAD_TICKS(a0)
    add     t0, t0, t1
    sd      t0, THREAD_TICKS(a0)    // a6 is not 0: registers are to be cleared
    j       2b
    .previous
    .endm

    .macro load_preserved
    .irp    number, 1,2,3,4,8,9,18,19,20,21,22,23,24,25,26,27
    ld      x\number, 8 * \number(t4)
    .endr
    .endm

    .section .text.trap, "ax"       // with trap.S: they branch to each other
    .globl fastpath
fastpath:
    ld      t6, TRAPFRAME_HART(a0)
    sd      a6, TRAPFRAME_A6(a0)
    sd      a7, TRAPFRAME_A7(a0)
    ld      t5, HART_LOCK(t6)
    beqz    t5, 1f                  // there is one hart
    li      t1, 1
    amoswap.w.aq t1, t1, (t5)
    bnez    t1, leave_unlocked
1:  addi    t0, a7, 2
    beqz    t0, reply_wait
    bltz    t0, yield

// CALL_CALL: to a server that waits to receive.
    csrr    t0, sscratch
    find_endpoint RIGHT_SEND
    ld      t4, CHANNEL_RECEIVERS(t3)
    beqz    t4, bail_out
    addi    t4, t4, -THREAD_SELF
    check_message
    check_threads
    lbu     t0, THREAD_PRIORITY(t4)
    lbu     a6, THREAD_PRIORITY(a0)
    bltu    t0, a6, bail_out        // the server would inherit it
    check_nobody_more_urgent
    check_space

    // Point of no return. The call is kept whole: whoever takes the thread elsewhere can have it made again.
    csrr    t0, sscratch
    sd      a1, TRAPFRAME_A1(a0)
    sd      a2, TRAPFRAME_A2(a0)
    sd      a3, TRAPFRAME_A3(a0)
    sd      a4, TRAPFRAME_A4(a0)
    sd      a5, TRAPFRAME_A5(a0)
    sd      t0, TRAPFRAME_A0(a0)
    // The server leaves the queue of receivers,
    ld      t0, THREAD_NEXT(t4)
    sd      t0, CHANNEL_RECEIVERS(t3)
    bnez    t0, 1f
    addi    t0, t3, CHANNEL_RECEIVERS + 8 - FROM_THREAD(THREAD_PREVIOUS)
1:  sd      zero, FROM_THREAD(THREAD_PREVIOUS)(t0)
    sd      zero, THREAD_QUEUE(t4)
    // serves the endpoint,
    ld      t0, CHANNEL_SERVER(t3)
    beqz    t0, 1f
    sd      zero, FROM_THREAD(THREAD_SERVES)(t0)
1:  addi    t0, t4, THREAD_SELF
    sd      t0, CHANNEL_SERVER(t3)
    sd      t3, THREAD_SERVES(t4)
    // and has the call.
    sd      t0, THREAD_SERVER(a0)
    addi    t0, a0, THREAD_SELF
    sd      t0, THREAD_CALLER(t4)
    li      t0, WAITING | ON_REPLY << 8
    sh      t0, THREAD_STATE(a0)
    ld      a7, CAPABILITY_BADGE(t2)
    ld      t0, THREAD_CALLS(a0)
    ld      t2, THREAD_RECEIVED(t4)
    addi    t0, t0, 1
    addi    t2, t2, 1
    sd      t0, THREAD_CALLS(a0)
    sd      t2, THREAD_RECEIVED(t4)
    save_registers 0

// The message in a1..a5 is t4's, and a7 its badge, or 0.
deliver:
    li      t0, RUNNING
    sh      t0, THREAD_STATE(t4)
    switch_thread
    ld      t0, TRAPFRAME_PC(t4)
    addi    t0, t0, 4
    csrw    sepc, t0
    mv      a0, a7
    csrw    sscratch, t4
    sc.d    zero, zero, (t4)        // a reservation the caller left must not let the other's sc succeed
    load_preserved
    bnez    a6, clear_registers
    sret

// CALL_REPLY_WAIT: the current caller is answered, and nobody waits to send.
reply_wait:
    csrr    t0, sscratch
    sd      t0, TRAPFRAME_A0(a0)
    find_endpoint RIGHT_RECEIVE
    ld      t4, THREAD_CALLER(a0)
    beqz    t4, bail_out
    addi    t4, t4, -THREAD_SELF
    ld      t0, CHANNEL_SENDERS(t3)
    ld      t2, THREAD_BOUND(a0)
    bnez    t0, bail_out
    bnez    t2, bail_out            // its notification may have bits
    check_message
    check_threads
    lbu     t0, THREAD_PRIORITY(t4)
    check_nobody_more_urgent
    check_space

    // Point of no return. The call is over,
    sd      zero, THREAD_CALLER(a0)
    sd      zero, THREAD_SERVER(t4)
    // the endpoint is not served,
    ld      t0, THREAD_SERVES(a0)
    beqz    t0, 1f
    sd      zero, CHANNEL_SERVER(t0)
    sd      zero, THREAD_SERVES(a0)
1:  // and the server joins its receivers: behind all of them. Who is how urgent matters among senders.
    addi    t2, a0, THREAD_SELF
    ld      t0, CHANNEL_RECEIVERS + 8(t3)
    sd      t0, THREAD_PREVIOUS(a0)
    sd      zero, THREAD_NEXT(a0)
    sd      t2, CHANNEL_RECEIVERS + 8(t3)
    bnez    t0, 1f
    addi    t0, t3, CHANNEL_RECEIVERS - FROM_THREAD(THREAD_NEXT)
1:  sd      t2, FROM_THREAD(THREAD_NEXT)(t0)
    addi    t0, t3, CHANNEL_RECEIVERS
    sd      t0, THREAD_QUEUE(a0)
    li      t0, WAITING | ON_MESSAGE << 8
    sh      t0, THREAD_STATE(a0)
    li      a7, 0
    save_registers 0
    j       deliver

// CALL_YIELD: to the first of those who are as urgent.
yield:
    ld      t1, THREAD_PROCESS(a0)
    lbu     t2, THREAD_PRIORITY(a0)
    ld      t0, HART_READY(t6)
    srl     t0, t0, t2
    addi    t0, t0, -1
    bnez    t0, bail_out            // nobody, or somebody more urgent
    slli    t2, t2, 4
    add     t2, t2, t6
    addi    t2, t2, HART_QUEUES
    ld      t4, (t2)
    addi    t4, t4, -THREAD_SELF
    check_threads
    check_space

    // Point of no return. One leaves the queue at its head, the other joins at its end.
    addi    t3, a0, THREAD_SELF
    ld      a7, 8(t2)
    sd      t3, 8(t2)
    sd      a7, THREAD_PREVIOUS(a0)
    sd      t3, FROM_THREAD(THREAD_NEXT)(a7)
    sd      zero, THREAD_NEXT(a0)
    ld      t0, THREAD_NEXT(t4)
    sd      t0, (t2)
    sd      zero, FROM_THREAD(THREAD_PREVIOUS)(t0)
    sd      t2, THREAD_QUEUE(a0)
    sd      zero, THREAD_QUEUE(t4)
    li      t0, READY
    sb      t0, THREAD_STATE(a0)
    li      t0, RUNNING
    sb      t0, THREAD_STATE(t4)
    li      t0, 1
    sb      t0, THREAD_SHORT_FRAME(a0)
    save_registers 1
    sd      zero, TRAPFRAME_A0(a0)
    switch_thread
    lbu     t0, THREAD_SHORT_FRAME(t4)
    mv      a0, t4
    beqz    t0, resume_user
    ld      t0, TRAPFRAME_PC(t4)
    csrw    sepc, t0
    csrw    sscratch, t4
    sc.d    zero, zero, (t4)
    sb      zero, THREAD_SHORT_FRAME(t4)
    ld      a0, TRAPFRAME_A0(t4)
    load_preserved
    beqz    a6, 1f
    .irp    number, 11,12,13,14,15
    li      x\number, 0
    .endr

// Another process goes on: nothing of the one before stays, nor of the kernel. Between threads of one process
// there is nothing to hide but the kernel's addresses, which mean nothing to them.
clear_registers:
    .irp    number, 5,6,7,16,17,28,29,30,31
    li      x\number, 0
    .endr
1:  sret

bail_out:
    beqz    t5, 1f
    fence   rw, w
    sw      zero, (t5)
1:  ld      a6, TRAPFRAME_A6(a0)
    ld      a7, TRAPFRAME_A7(a0)
leave_unlocked:
    .irp    number, 6,7,28,29,30,31
    li      x\number, 0             // the slow path takes them for the user's
    .endr
    j       trap_slow
