#include "sched.h"
#include "hart.h"
#include "interrupt.h"
#include "lock.h"
#include "pool.h"
#include "process.h"
#include "riscv.h"
#include "timer.h"

#define SLICE_MICROSECONDS 10000

#define DEADLINES_AT_ONCE 64

void float_save(struct float_registers *registers);
void float_load(const struct float_registers *registers);

static struct pool floats = POOL(sizeof(struct float_registers));
static uint64_t switches;

uint64_t sched_switches(void) { return switches; }

static unsigned most_urgent(const struct hart *hart) {
  return 63 - (unsigned)__builtin_clzl(hart->ready_priorities);
}

static bool may_run_on(const struct thread *thread, const struct hart *hart) {
  return (thread->affinity & hart->bit) != 0;
}

static void enqueue(struct hart *hart, struct thread *thread, bool first) {
  unsigned priority = thread->effective_priority;
  thread->state = THREAD_READY;
  thread->trapframe.hart = hart;
  (first ? queue_prepend : queue_append)(&hart->ready[priority], thread);
  hart->ready_priorities |= 1ul << priority;
  hart->ready_count++;
}

static void dequeue(struct thread *thread) {
  struct hart *hart = thread->trapframe.hart;
  struct thread_queue *queue = thread->queue;
  queue_remove(thread);
  hart->ready_count--;
  if (queue->first == NULL)
    hart->ready_priorities &= ~(1ul << (queue - hart->ready));
}

// Whether the thread would run there at once.
static bool would_run(const struct thread *thread, const struct hart *hart) {
  if (hart->running == NULL)
    return hart->ready_priorities == 0 || most_urgent(hart) < thread->effective_priority;
  return hart->running->effective_priority < thread->effective_priority;
}

// Where a thread is best: where it was if it would run there; where it would; where the fewest are ready.
static struct hart *choose_hart(const struct thread *thread) {
  struct hart *last = thread->trapframe.hart, *best = NULL;
  if (hart_count == 1 || (may_run_on(thread, last) && last->idle))
    return last;
  for (unsigned i = 0; i < hart_count; i++) {
    struct hart *hart = &harts[i];
    if (!may_run_on(thread, hart))
      continue;
    if (hart->idle)
      return hart;
    if (best == NULL || (would_run(thread, hart) && !would_run(thread, best)) ||
        (would_run(thread, hart) == would_run(thread, best) && hart->ready_count < best->ready_count))
      best = hart;
  }
  bool may_stay = may_run_on(thread, last);
  if (best == NULL || (may_stay && (would_run(thread, last) || (!would_run(thread, best) &&
                                                                last->ready_count <= best->ready_count + 1))))
    return last;
  return best;
}

void sched_ready(struct thread *thread) {
  if (thread->suspended != 0) {
    thread->state = THREAD_PARKED;
    return;
  }
  struct hart *hart = choose_hart(thread);
  bool preempts = would_run(thread, hart);
  enqueue(hart, thread, false);
  if (!preempts)
    return;
  if (hart == this_hart()) {
    hart->reschedule = true;
  } else {
    hart->idle = false; // so that the next thread chooses another
    hart_interrupt(hart);
  }
}

// What a thread did on the hart is put down: its time, and its floating-point registers if they are newer
// there.
static void leave(struct hart *hart, struct thread *thread) {
  uint64_t now = timer_now();
  thread->ticks += now - hart->since;
  hart->since = now;
  hart->running = NULL;
  sched_save_float(thread);
}

void sched_remove(struct thread *thread) {
  if (thread->state == THREAD_READY)
    dequeue(thread);
  else
    leave(this_hart(), thread);
}

void sched_yield(struct thread *thread) {
  struct hart *hart = this_hart();
  if (hart->ready_priorities >> thread->effective_priority != 0)
    hart->reschedule = hart->turn_over = true;
}

void sched_replace(struct thread *thread) {
  dequeue(thread);
  sched_ready(thread);
}

// Has the timer interrupt by a time, and when the first deadline is due. One that comes too early does no
// harm, while setting it may be a call of the firmware: so it is never put off.
static void set_timer(struct hart *hart, uint64_t time) {
  uint64_t first = deadline_first();
  if (first < hart->deadlines_rest_until)
    first = hart->deadlines_rest_until;
  if (first < time)
    time = first;
  if (time < hart->timer_set) {
    hart->timer_set = time;
    timer_set(time);
  }
}

void sched_watch_deadlines(void) { set_timer(this_hart(), TIMER_NEVER); }

void sched_tick(void) {
  struct hart *hart = this_hart();
  uint64_t now = timer_now();
  deadline_expire(now, DEADLINES_AT_ONCE);
  // However many there are, others run for as long again as these took.
  uint64_t after = timer_now();
  hart->deadlines_rest_until = after + (after - now);
  if (hart->running != NULL && now >= hart->slice_end) {
    hart->slice_end = now + timer_from_microseconds(SLICE_MICROSECONDS);
    sched_yield(hart->running);
  }
  hart->timer_set = TIMER_NEVER;
  timer_set(TIMER_NEVER);
  set_timer(hart, hart->running == NULL ? TIMER_NEVER : hart->slice_end);
}

// Afterwards the thread traps when it uses them again, whatever hart it is on. So a thread that does not run
// has them off, and the fast path need not ask.
void sched_save_float(struct thread *thread) {
  uint64_t *sstatus = &thread->trapframe.sstatus;
  if ((*sstatus & SSTATUS_FS) == SSTATUS_FS_DIRTY) {
    csr_set_bits(sstatus, SSTATUS_FS);
    float_save(thread->floats);
  }
  *sstatus &= ~SSTATUS_FS;
  thread->floats_on = false;
}

bool sched_allocate_float(struct thread *thread) {
  if (thread->floats == NULL)
    thread->floats = quota_allocate(thread->object.quota, &floats);
  return thread->floats != NULL;
}

bool sched_start_float(struct thread *thread) {
  struct hart *hart = this_hart();
  if (!sched_allocate_float(thread))
    return false;
  csr_set_bits(sstatus, SSTATUS_FS);
  if (hart->float_owner != thread || thread->float_hart != hart)
    float_load(thread->floats); // otherwise they are still there
  hart->float_owner = thread;
  thread->float_hart = hart;
  thread->floats_on = true;
  thread->trapframe.sstatus = (thread->trapframe.sstatus & ~SSTATUS_FS) | SSTATUS_FS_CLEAN;
  return true;
}

void sched_drop_float(struct thread *thread) { thread->float_hart = NULL; }

void sched_forget_float(struct thread *thread) {
  if (thread->floats == NULL)
    return;
  quota_free(thread->object.quota, &floats, thread->floats);
  thread->floats = NULL;
  for (unsigned i = 0; i < hart_count; i++) {
    if (harts[i].float_owner == thread)
      harts[i].float_owner = NULL;
  }
}

// Moves the most urgent thread that may run here from another hart's queues to this one's.
static bool steal(struct hart *hart) {
  struct thread *found = NULL;
  for (unsigned i = 0; i < hart_count; i++) {
    if (&harts[i] == hart)
      continue;
    for (uint64_t left = harts[i].ready_priorities; left != 0;) {
      unsigned priority = 63 - (unsigned)__builtin_clzl(left);
      left &= ~(1ul << priority);
      if (found != NULL && found->effective_priority >= priority)
        break;
      struct thread *thread = harts[i].ready[priority].first;
      while (thread != NULL && !may_run_on(thread, hart))
        thread = thread->next;
      if (thread != NULL)
        found = thread;
    }
  }
  if (found == NULL)
    return false;
  dequeue(found);
  enqueue(hart, found, false);
  return true;
}

static void idle(struct hart *hart) {
  address_space_activate(NULL); // the address space that was may be destroyed meanwhile
  hart->idle = true;
  set_timer(hart, TIMER_NEVER);
  lock_release(&kernel_lock);
  wait_for_interrupt(); // ends when one is pending, although interrupts are off
  lock_acquire(&kernel_lock);
  hart->idle = false;
  interrupt_handle_pending();
  uint64_t now = timer_now();
  hart->idle_ticks += now - hart->since;
  hart->since = now;
}

// What the running thread becomes when it gives way: it goes on later, here if it was interrupted in its
// turn.
static void put_back(struct hart *hart, struct thread *thread) {
  leave(hart, thread);
  if (thread->suspended != 0)
    thread->state = THREAD_PARKED;
  else if (hart->turn_over || !may_run_on(thread, hart))
    sched_ready(thread);
  else
    enqueue(hart, thread, true);
}

struct thread *sched_next(void) {
  struct hart *hart = this_hart();
  struct thread *thread = hart->running;
  if (thread != NULL && thread->doomed)
    thread_end(thread, thread->end_value);
  else if (thread != NULL)
    put_back(hart, thread);
  for (;;) {
    while (hart->ready_priorities == 0 && !steal(hart))
      idle(hart);
    thread = hart->ready[most_urgent(hart)].first;
    dequeue(thread);
    if (may_run_on(thread, hart))
      break;
    sched_ready(thread); // it came here before its affinity changed
  }
  hart->reschedule = hart->turn_over = false;
  thread->state = THREAD_RUNNING;
  thread->short_frame = false;
  hart->running = thread;
  hart->slice_end = hart->since + timer_from_microseconds(SLICE_MICROSECONDS);
  set_timer(hart, hart->slice_end);
  address_space_activate(&thread->process->space);
  switches++;
  return thread;
}
