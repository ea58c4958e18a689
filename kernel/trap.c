#include "trap.h"
#include "call.h"
#include "fault.h"
#include "hart.h"
#include "interrupt.h"
#include "lock.h"
#include "print.h"
#include "riscv.h"
#include "sched.h"
#include "timer.h"

struct lock kernel_lock;

// Lets go of the kernel: by the thread that came in, unless another is to run.
static struct trapframe *leave(void) {
  struct hart *hart = this_hart();
  struct thread *thread = hart->running;
  if (thread == NULL || hart->reschedule)
    thread = sched_next();
  lock_release(&kernel_lock);
  return &thread->trapframe;
}

struct trapframe *trap(struct trapframe *frame) {
  struct thread *thread = thread_of(frame);
  if ((frame->sstatus & SSTATUS_SPP) != 0)
    trap_panic(frame); // on the fast path, before sscratch told that it is in the kernel
  lock_acquire(&kernel_lock);
  if ((frame->scause & CAUSE_INTERRUPT) != 0)
    interrupt_handle(frame->scause & ~CAUSE_INTERRUPT);
  else if (thread->doomed)
    this_hart()->reschedule = true; // it must not begin to wait for something that may never come
  else if (frame->scause != CAUSE_USER_CALL)
    fault_exception(thread);
  else if ((int64_t)frame->a7 < 0)
    kernel_call(thread);
  else
    fault_system_call(thread);
  return leave();
}

struct trapframe *trap_first(void) {
  lock_acquire(&kernel_lock);
  this_hart()->since = timer_now();
  return leave();
}

void trap_panic(const struct trapframe *frame) {
  panic("%s in the kernel (scause %lx, stval %p)\n"
        "pc  %p  ra  %p  sp  %p  tp  %p\n"
        "a0  %p  a1  %p  a2  %p  a3  %p\n"
        "a4  %p  a5  %p  a6  %p  a7  %p\n"
        "s0  %p  s1  %p  s2  %p  s3  %p\n"
        "sstatus %p",
        exception_name(frame->scause), frame->scause, (void *)frame->stval, (void *)frame->pc,
        (void *)frame->ra, (void *)frame->sp, (void *)frame->tp, (void *)frame->a0, (void *)frame->a1,
        (void *)frame->a2, (void *)frame->a3, (void *)frame->a4, (void *)frame->a5, (void *)frame->a6,
        (void *)frame->a7, (void *)frame->s0, (void *)frame->s1, (void *)frame->s2, (void *)frame->s3,
        (void *)frame->sstatus);
}
