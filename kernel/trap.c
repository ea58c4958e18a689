#include "trap.h"
#include "hart.h"
#include "interrupt.h"
#include "lock.h"
#include "print.h"
#include "process.h"
#include "riscv.h"
#include "sched.h"
#include "syscall.h"
#include "timer.h"

struct lock kernel_lock;

static const char *const exception_names[] = {
    [0] = "instruction address misaligned",
    [1] = "instruction access fault",
    [2] = "illegal instruction",
    [3] = "breakpoint",
    [4] = "load address misaligned",
    [5] = "load access fault",
    [6] = "store address misaligned",
    [7] = "store access fault",
    [12] = "instruction page fault",
    [13] = "load page fault",
    [15] = "store page fault",
};

static const char *exception_name(uint64_t cause) {
  bool is_known =
      cause < sizeof exception_names / sizeof exception_names[0] && exception_names[cause] != NULL;
  return is_known ? exception_names[cause] : "unknown exception";
}

static const char *const fault_reasons[] = {
    [FAULT_NO_REGION] = "nothing is mapped there",
    [FAULT_PROTECTION] = "the page does not permit it",
    [FAULT_NO_MEMORY] = "out of memory",
};

static enum verdict kill_for_fault(struct thread *thread, const char *reason) {
  const struct trapframe *frame = &thread->trapframe;
  struct process *process = thread->process;
  print("process %d (%s) killed: %s at pc %p, stval %p%s%s\n", process->id, process->name,
        exception_name(frame->scause), (void *)frame->pc, (void *)frame->stval, *reason == 0 ? "" : ": ",
        reason);
  process_end(process, (struct exit_report){EXIT_FAULTED, (int64_t)frame->scause});
  return END;
}

static enum verdict page_fault(struct thread *thread, uint64_t access) {
  enum fault fault = address_space_fault(&thread->process->space, thread->trapframe.stval, access);
  return fault == FAULT_RESOLVED ? RESUME : kill_for_fault(thread, fault_reasons[fault]);
}

static enum verdict illegal_instruction(struct thread *thread) {
  // It may be the thread's first floating-point instruction. If it is not, it traps again.
  if ((thread->trapframe.sstatus & SSTATUS_FS) == 0) {
    sched_start_fp(thread);
    return RESUME;
  }
  return kill_for_fault(thread, "");
}

static enum verdict handle(struct thread *thread) {
  uint64_t cause = thread->trapframe.scause;
  if ((cause & CAUSE_INTERRUPT) != 0)
    return interrupt_handle(cause & ~CAUSE_INTERRUPT) ? YIELD : RESUME;
  switch (cause) {
  case CAUSE_USER_CALL:
    return syscall(thread);
  case CAUSE_INSTRUCTION_PAGE_FAULT:
    return page_fault(thread, VM_EXECUTE);
  case CAUSE_LOAD_PAGE_FAULT:
    return page_fault(thread, VM_READ);
  case CAUSE_STORE_PAGE_FAULT:
    return page_fault(thread, VM_WRITE);
  case CAUSE_ILLEGAL_INSTRUCTION:
    return illegal_instruction(thread);
  default:
    return kill_for_fault(thread, "");
  }
}

// The thread to go on with, after `verdict` on the one that trapped.
static struct thread *apply(enum verdict verdict, struct thread *thread) {
  if (thread->state != THREAD_RUNNING)
    return sched_next(); // whatever the verdict: the thread was ended on the way to it
  if (thread->doomed) {
    process_end(thread->process, (struct exit_report){EXIT_KILLED, 0});
    return sched_next();
  }
  switch (verdict) {
  case RESUME:
    return thread;
  case YIELD:
    sched_yield(thread);
    break;
  case BLOCK:
  case RETRY:
    sched_block(thread);
    break;
  case END:
    break;
  }
  return sched_next();
}

// Lets go of the kernel: the thread's time counts from here.
static struct trapframe *leave(struct thread *thread) {
  this_hart()->user_since = timer_now();
  lock_release(&kernel_lock);
  return &thread->trapframe;
}

struct trapframe *trap(struct trapframe *trapframe) {
  uint64_t now = timer_now(); // before the wait for the lock, which is not the thread's
  struct thread *thread = thread_of(trapframe);
  lock_acquire(&kernel_lock);
  thread->process->user_ticks += now - this_hart()->user_since;
  return leave(apply(handle(thread), thread));
}

struct trapframe *trap_first(void) {
  lock_acquire(&kernel_lock);
  return leave(sched_next());
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
