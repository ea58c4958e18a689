// Tasks that keep their state in their own memory, so that a switch changes address space and pc alone.

#define TASK_NEXT 0
#define TASK_SATP 8
#define TASK_PC 16
#define SCHEDULER_CURRENT 0
#define SCHEDULER_SWITCHES_LEFT 8

  .section .user, "ax"
  .globl user_task
// a0: address of its four pages, in every task the same. Adds up the words on the other three in the first.
user_task:
  li t3, 4096
  ld t0, (a0)
  add t1, a0, t3
  ld t2, (t1)
  add t0, t0, t2
  add t1, t1, t3
  ld t2, (t1)
  add t0, t0, t2
  add t1, t1, t3
  ld t2, (t1)
  add t0, t0, t2
  sd t0, (a0)
  ecall
  j user_task

  .text
  .balign 4
  .globl switch_task
// t0 to t2 are the kernel's to change. ASIDs differ, so nothing needs to be fenced.
switch_task:
  la t0, scheduler
  ld t1, SCHEDULER_SWITCHES_LEFT(t0)
  addi t1, t1, -1
  sd t1, SCHEDULER_SWITCHES_LEFT(t0)
  beqz t1, 1f
  ld t1, SCHEDULER_CURRENT(t0)
  csrr t2, sepc
  addi t2, t2, 4
  sd t2, TASK_PC(t1)
  ld t1, TASK_NEXT(t1)
  sd t1, SCHEDULER_CURRENT(t0)
  ld t2, TASK_SATP(t1)
  csrw satp, t2
  ld t2, TASK_PC(t1)
  csrw sepc, t2
  sret
1:
  tail leave_user
