// Each of the two is a list of checks that may bail out to the slow path, then a point of no return. Up to that
// point nothing is changed, behind it nothing can fail. What they do is what channel.c does in general.

#include "fastpath.h"
#include "channel.h"
#include "hart.h"
#include "lock.h"
#include "notification.h"
#include "process.h"
#include "riscv.h"
#include "timer.h"
#include "trap.h"

static uint64_t count;

uint64_t fastpath_count(void) { return count; }

// All of the message is in registers: no more words, no capabilities, not urgent.
static inline bool is_short(uint64_t tag) {
  return (uint32_t)tag <= MESSAGE_REGISTERS && TAG_LABEL(tag) < LABEL_KERNEL;
}

// Whether `to` may run on this hart instead of `from`, at once and without more ado.
static inline bool may_switch(const struct hart *hart, const struct thread *from, const struct thread *to) {
  uint64_t floats = to->trapframe.sstatus & SSTATUS_FS;
  return (from->trapframe.sstatus & SSTATUS_FS) != SSTATUS_FS_DIRTY &&
         (floats == 0 || (hart->float_owner == to && to->float_hart == hart)) &&
         (to->affinity >> hart->index & 1) != 0 &&
         (uint64_t)hart->ready_priorities >> to->effective_priority >> 1 == 0 && // nobody more urgent is ready
         to->deadline.place == NULL &&
         (from->process == to->process || address_space_is_current(&to->process->space));
}

// Puts the message in `from`'s registers into those of `to`, which goes on behind its call, and turns the hart
// to it.
static inline struct trapframe *hand_over(struct hart *hart, struct thread *from, struct thread *to,
                                          uint64_t badge) {
  struct trapframe *source = &from->trapframe, *target = &to->trapframe;
  target->a0 = badge;
  target->a1 = source->a1;
  target->a2 = source->a2;
  target->a3 = source->a3;
  target->a4 = source->a4;
  target->a5 = source->a5;
  target->pc += 4;
  target->hart = hart;
  to->state = THREAD_RUNNING;
  to->waiting = WAIT_NOT;
  to->received++;
  uint64_t now = timer_now();
  from->ticks += now - hart->since;
  hart->since = now;
  from->state = THREAD_WAITING;
  hart->running = to;
  if (from->process != to->process)
    address_space_switch(&to->process->space);
  count++;
  lock_release(&kernel_lock);
  return target;
}

static struct trapframe *bail_out(struct trapframe *frame) {
  lock_release(&kernel_lock);
  return trap(frame);
}

struct trapframe *fastpath_call(struct trapframe *frame) {
  struct hart *hart = this_hart();
  struct thread *thread = thread_of(frame);
  lock_acquire(&kernel_lock);
  const struct capability *capability =
      capability_find(&thread->process->table, frame->a0, OBJECT_ENDPOINT, RIGHT_SEND);
  if (capability == NULL)
    return bail_out(frame);
  struct channel *endpoint = (struct channel *)capability->object;
  struct thread *server = endpoint->receivers.first;
  if (server == NULL || !is_short(frame->a1) || frame->a6 != WAIT_FOREVER ||
      server->effective_priority < thread->effective_priority || !may_switch(hart, thread, server))
    return bail_out(frame);

  // Point of no return.
  struct thread *next = server->next;
  endpoint->receivers.first = next;
  *(next == NULL ? &endpoint->receivers.last : &next->previous) = NULL;
  server->queue = NULL;
  if (endpoint->server != NULL)
    endpoint->server->serves = NULL;
  endpoint->server = server;
  server->serves = endpoint;
  server->caller = thread;
  thread->server = server;
  thread->waiting = WAIT_REPLY;
  thread->calls_made++;
  return hand_over(hart, thread, server, capability->badge);
}

struct trapframe *fastpath_reply_wait(struct trapframe *frame) {
  struct hart *hart = this_hart();
  struct thread *thread = thread_of(frame);
  lock_acquire(&kernel_lock);
  const struct capability *capability =
      capability_find(&thread->process->table, frame->a0, OBJECT_ENDPOINT, RIGHT_RECEIVE);
  struct thread *caller = thread->caller;
  if (capability == NULL || caller == NULL)
    return bail_out(frame);
  struct channel *endpoint = (struct channel *)capability->object;
  if (caller->sending != MESSAGE_USER || caller->suspended || caller->process->suspended ||
      endpoint->senders.first != NULL || !is_short(frame->a1) || frame->a6 != WAIT_FOREVER ||
      (thread->bound != NULL && thread->bound->bits != 0) ||
      thread->effective_priority != thread->priority || !may_switch(hart, thread, caller))
    return bail_out(frame);

  // Point of no return.
  thread->caller = NULL;
  caller->server = NULL;
  if (thread->serves != NULL)
    thread->serves->server = NULL;
  thread->serves = NULL;
  thread->waiting = WAIT_RECEIVE;
  queue_insert_by_priority(&endpoint->receivers, thread);
  return hand_over(hart, thread, caller, 0);
}
