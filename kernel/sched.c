#include "sched.h"
#include "console.h"
#include "hart.h"
#include "interrupt.h"
#include "lock.h"
#include "process.h"
#include "riscv.h"
#include "timer.h"

#define SLICE_MICROSECONDS 10000

void fp_save(struct fp_registers *registers);
void fp_load(const struct fp_registers *registers);

static struct thread *first_ready, *last_ready;
static struct thread *sleepers; // the one to wake first is first
static uint64_t idle_harts;     // by index

static void enqueue(struct thread *thread) {
  thread->state = THREAD_READY;
  thread->next = NULL;
  if (first_ready == NULL)
    first_ready = thread;
  else
    last_ready->next = thread;
  last_ready = thread;
}

static struct thread *dequeue(void) {
  struct thread *thread = first_ready;
  if (thread != NULL)
    first_ready = thread->next;
  return thread;
}

static void wake_idle_hart(void) {
  for (unsigned i = 0; i < hart_count; i++) {
    if ((idle_harts >> i & 1) != 0 && &harts[i] != this_hart()) {
      idle_harts &= ~(1ul << i); // so that the next thread wakes another hart
      hart_interrupt(&harts[i]);
      return;
    }
  }
}

void sched_wake(struct thread *thread) {
  enqueue(thread);
  wake_idle_hart();
}

void sched_yield(struct thread *thread) { enqueue(thread); }

void sched_block(struct thread *thread) { thread->state = THREAD_BLOCKED; }

void sched_sleep(struct thread *thread, uint64_t wake_time) {
  struct thread **place = &sleepers;
  while (*place != NULL && (*place)->wake_time <= wake_time)
    place = &(*place)->next;
  thread->wake_time = wake_time;
  thread->next = *place;
  *place = thread;
}

static void wake_sleepers(uint64_t now) {
  while (sleepers != NULL && sleepers->wake_time <= now) {
    struct thread *thread = sleepers;
    sleepers = thread->next;
    sched_wake(thread);
  }
}

static void unlink(struct thread **list, const struct thread *thread) {
  for (; *list != NULL; list = &(*list)->next) {
    if (*list == thread) {
      *list = thread->next;
      return;
    }
  }
}

void sched_forget(struct thread *thread) {
  unlink(&first_ready, thread);
  unlink(&sleepers, thread);
  last_ready = first_ready;
  while (last_ready != NULL && last_ready->next != NULL)
    last_ready = last_ready->next;
  for (unsigned i = 0; i < hart_count; i++) {
    if (harts[i].running == thread)
      harts[i].running = NULL;
  }
  thread->state = THREAD_FREE;
}

// Has the timer interrupt this hart when there is something to do for `sched_tick`, at the latest at
// `deadline`.
static void set_timer(uint64_t deadline) {
  if (sleepers != NULL && sleepers->wake_time < deadline)
    deadline = sleepers->wake_time;
  uint64_t poll = console_poll_time();
  timer_set(poll < deadline ? poll : deadline);
}

bool sched_tick(void) {
  uint64_t now = timer_now();
  console_poll();
  wake_sleepers(now);
  uint64_t slice_end = this_hart()->slice_end;
  if (now >= slice_end)
    return true;
  set_timer(slice_end);
  return false;
}

// The floating-point registers stay with a thread that comes back to the hart it left, if no other has used
// them since.
static void leave_fp(struct thread *thread) {
  uint64_t *sstatus = &thread->trapframe.sstatus;
  if ((*sstatus & SSTATUS_FS) == SSTATUS_FS_DIRTY) {
    csr_set_bits(sstatus, SSTATUS_FS);
    fp_save(&thread->fp);
    *sstatus = (*sstatus & ~SSTATUS_FS) | SSTATUS_FS_CLEAN;
  }
}

static void enter_fp(struct hart *hart, struct thread *thread) {
  if ((thread->trapframe.sstatus & SSTATUS_FS) == 0 || (hart->fp_owner == thread && thread->fp_hart == hart))
    return;
  csr_set_bits(sstatus, SSTATUS_FS);
  fp_load(&thread->fp);
  hart->fp_owner = thread;
  thread->fp_hart = hart;
}

void sched_start_fp(struct thread *thread) {
  thread->trapframe.sstatus |= SSTATUS_FS_INITIAL;
  enter_fp(this_hart(), thread);
}

static void idle(struct hart *hart) {
  address_space_activate(NULL); // the address space that was may be destroyed meanwhile
  set_timer(TIMER_NEVER);
  idle_harts |= 1ul << hart->index;
  lock_release(&kernel_lock);
  wait_for_interrupt(); // ends when one is pending, although interrupts are off
  lock_acquire(&kernel_lock);
  idle_harts &= ~(1ul << hart->index);
  interrupt_handle_pending();
}

struct thread *sched_next(void) {
  struct hart *hart = this_hart();
  if (hart->running != NULL)
    leave_fp(hart->running);
  hart->running = NULL;
  struct thread *thread;
  while ((thread = dequeue()) == NULL)
    idle(hart);
  thread->state = THREAD_RUNNING;
  thread->trapframe.hart = hart;
  hart->running = thread;
  hart->slice_end = timer_now() + timer_from_microseconds(SLICE_MICROSECONDS);
  set_timer(hart->slice_end);
  address_space_activate(&thread->process->space);
  enter_fp(hart, thread);
  return thread;
}
