// Calls on capabilities, and on the small objects.

#include "call.h"
#include "channel.h"
#include "interrupt.h"
#include "notification.h"
#include "process.h"
#include "sched.h"
#include "timer.h"

#define MOST_MESSAGES     4096        // a port's capacity
#define DELETED_AT_ONCE   64          // by one revoke, before others may use the kernel
#define SHORTEST_INTERVAL 100         // microseconds: or a timer could take all of a hart
#define MOST_BADGE        (~0ul >> 1) // or it would look like an error where it arrives

// Derives a capability, with fewer rights or the same, into a table.
static int64_t derive(struct thread *thread, struct capability_table *to, uint64_t handle, uint64_t rights,
                      uint64_t badge, uint32_t needed) {
  struct capability *parent = capability_at(&thread->process->table, handle);
  if (parent == NULL)
    return -EBADF;
  if ((parent->rights & needed) != needed)
    return -EPERM;
  if (badge > MOST_BADGE)
    return -EINVAL;
  if (badge != 0 && parent->badge != 0)
    return -EPERM; // who has been given a badge cannot pass for another
  struct capability *capability = capability_add(to, parent->object, parent->rights & (uint32_t)rights,
                                                 badge == 0 ? parent->badge : badge, parent);
  return capability == NULL ? -ENOMEM : (int64_t)capability->handle;
}

int64_t call_copy_capability(struct thread *thread) {
  const struct trapframe *frame = &thread->trapframe;
  return derive(thread, &thread->process->table, frame->a0, frame->a1, frame->a2, 0);
}

int64_t call_grant(struct thread *thread) {
  const struct trapframe *frame = &thread->trapframe;
  struct process *process = call_object(thread, frame->a0, OBJECT_PROCESS, RIGHT_CONTROL);
  if (process == NULL)
    return -EBADF;
  if (process->ending)
    return -ESRCH;
  return derive(thread, &process->table, frame->a1, frame->a2, frame->a3, RIGHT_GRANT);
}

int64_t call_delete(struct thread *thread) {
  struct capability *capability = capability_at(&thread->process->table, thread->trapframe.a0);
  if (capability == NULL)
    return -EBADF;
  capability_delete(capability);
  return 0;
}

int64_t call_revoke(struct thread *thread) {
  struct capability *capability = capability_at(&thread->process->table, thread->trapframe.a0);
  if (capability == NULL)
    return -EBADF;
  if (capability_revoke(capability, DELETED_AT_ONCE))
    return 0;
  sched_yield(thread);
  return CALL_PENDING; // with pc still at the call: it goes on where it stopped
}

int64_t call_identify(struct thread *thread) {
  struct capability *capability = capability_at(&thread->process->table, thread->trapframe.a0);
  if (capability == NULL)
    return -EBADF;
  struct capability_info info = {capability->object->type, capability->rights, capability->badge};
  return call_copy_out(thread, thread->trapframe.a1, &info, sizeof info);
}

static int64_t create(struct thread *thread, enum object_type type) {
  return call_publish(thread, object_create(type, thread->process->quota), RIGHTS_ALL);
}

int64_t call_create_endpoint(struct thread *thread) { return create(thread, OBJECT_ENDPOINT); }

int64_t call_create_notification(struct thread *thread) { return create(thread, OBJECT_NOTIFICATION); }

int64_t call_create_timer(struct thread *thread) { return create(thread, OBJECT_TIMER); }

int64_t call_create_port(struct thread *thread) {
  uint64_t capacity = thread->trapframe.a0;
  if (capacity == 0 || capacity > MOST_MESSAGES)
    return -EINVAL;
  return call_publish(thread, port_create(thread->process->quota, (uint32_t)capacity), RIGHTS_ALL);
}

int64_t call_set_timer(struct thread *thread) {
  const struct trapframe *frame = &thread->trapframe;
  struct timer *timer = call_object(thread, frame->a0, OBJECT_TIMER, RIGHT_CONTROL);
  struct call_target target;
  if (timer == NULL || !call_target(thread, frame->a1, OBJECT_NOTIFICATION, &target))
    return -EBADF;
  if (frame->a3 != 0 && frame->a3 < timer_from_microseconds(SHORTEST_INTERVAL))
    return -EINVAL;
  timer_object_set(timer, target.object, target.badge, frame->a2, frame->a3);
  sched_watch_deadlines();
  return 0;
}

int64_t call_bind_interrupt(struct thread *thread) {
  const struct trapframe *frame = &thread->trapframe;
  struct interrupt *interrupt = call_object(thread, frame->a0, OBJECT_INTERRUPT, RIGHT_CONTROL);
  struct call_target target;
  if (interrupt == NULL || !call_target(thread, frame->a1, OBJECT_NOTIFICATION, &target))
    return -EBADF;
  interrupt_bind(interrupt, target.object, target.badge);
  return 0;
}

int64_t call_acknowledge_interrupt(struct thread *thread) {
  struct interrupt *interrupt = call_object(thread, thread->trapframe.a0, OBJECT_INTERRUPT, RIGHT_CONTROL);
  if (interrupt == NULL)
    return -EBADF;
  interrupt_acknowledge(interrupt);
  return 0;
}

int64_t call_notify_end(struct thread *thread) {
  const struct trapframe *frame = &thread->trapframe;
  struct process *process = call_object(thread, frame->a0, OBJECT_PROCESS, RIGHT_CONTROL);
  struct thread *ending = call_object(thread, frame->a0, OBJECT_THREAD, RIGHT_CONTROL);
  struct call_target target;
  if ((process == NULL && ending == NULL) || !call_target(thread, frame->a1, OBJECT_NOTIFICATION, &target))
    return -EBADF;
  struct end_watch *watch = process != NULL ? &process->end_watch : &ending->end_watch;
  end_watch_set(watch, target.object, target.badge);
  if (process != NULL ? process->ended : ending->state == THREAD_ENDED)
    end_watch_signal(watch);
  return 0;
}
