#include "call.h"
#include "channel.h"
#include "fault.h"
#include "futex.h"
#include "hart.h"
#include "notification.h"
#include "process.h"
#include "sched.h"
#include "timer.h"

void *call_object(const struct thread *thread, uint64_t handle, enum object_type type, uint32_t rights) {
  struct capability *capability = capability_find(&thread->process->table, handle, type, rights);
  return capability == NULL ? NULL : capability->object;
}

bool call_target(const struct thread *thread, uint64_t handle, enum object_type type,
                 struct call_target *target) {
  *target = (struct call_target){NULL, 0};
  if (handle == 0)
    return true;
  struct capability *capability = capability_find(&thread->process->table, handle, type, RIGHT_SEND);
  if (capability != NULL)
    *target = (struct call_target){capability->object, capability->badge};
  return capability != NULL;
}

int64_t call_publish(struct thread *thread, void *object, uint32_t rights) {
  if (object == NULL)
    return -ENOMEM;
  struct capability *capability = capability_add(&thread->process->table, object, rights, 0, NULL);
  object_release(object);
  return capability == NULL ? -ENOMEM : (int64_t)capability->handle;
}

int64_t page_error(struct thread *thread, enum page_outcome outcome, struct page_request *request) {
  switch (outcome) {
  case PAGE_PRESENT:
    return 0;
  case PAGE_REQUESTED:
    return fault_request_page(thread, request) ? CALL_PENDING : -EFAULT;
  case PAGE_NO_MEMORY:
    return fault_request_page(thread, request) ? CALL_PENDING : -ENOMEM;
  default:
    return -EFAULT;
  }
}

int64_t call_copy_in(struct thread *thread, void *to, user_address from, uint64_t bytes) {
  struct page_request request = {0};
  return page_error(thread, address_space_copy_in(&thread->process->space, to, from, bytes, &request),
                    &request);
}

int64_t call_copy_out(struct thread *thread, user_address to, const void *from, uint64_t bytes) {
  struct page_request request = {0};
  return page_error(thread, address_space_copy_out(&thread->process->space, to, from, bytes, &request),
                    &request);
}

// An endpoint, a port, or a process's mailbox, and the badge of the capability to it. NULL if it is none of
// them.
static struct channel *find_channel(const struct thread *thread, uint64_t handle, uint32_t rights,
                                    uint64_t *badge, int64_t *error) {
  const struct capability *capability = capability_at(&thread->process->table, handle);
  *error = -EBADF;
  if (capability == NULL || (capability->rights & rights) != rights)
    return NULL;
  *badge = capability->badge;
  switch (capability->object->type) {
  case OBJECT_ENDPOINT:
  case OBJECT_PORT:
    return (struct channel *)capability->object;
  case OBJECT_PROCESS:
    if (rights != RIGHT_SEND)
      return NULL;
    *error = ((struct process *)capability->object)->ending ? -EPIPE : -ENOMEM;
    return process_mailbox((struct process *)capability->object);
  default:
    return NULL;
  }
}

static int64_t send(struct thread *thread, bool calls) {
  uint64_t badge;
  int64_t error;
  struct channel *channel = find_channel(thread, thread->trapframe.a0, RIGHT_SEND, &badge, &error);
  return channel == NULL ? error : channel_send(thread, channel, badge, calls, thread->trapframe.a6);
}

static int64_t call_call(struct thread *thread) { return send(thread, true); }

static int64_t call_send(struct thread *thread) { return send(thread, false); }

static int64_t call_receive(struct thread *thread) {
  uint64_t badge, handle = thread->trapframe.a0;
  int64_t error = -ENOMEM;
  struct channel *channel = handle == 0 ? process_mailbox(thread->process)
                                        : find_channel(thread, handle, RIGHT_RECEIVE, &badge, &error);
  return channel == NULL ? error : channel_receive(thread, channel, thread->trapframe.a6);
}

// The answer is given first; what comes then may have to be done again, and must not answer again.
static int64_t call_reply_wait(struct thread *thread) {
  uint64_t badge;
  int64_t unusable;
  uint64_t handle = thread->trapframe.a0;
  if (handle != 0 && find_channel(thread, handle, RIGHT_RECEIVE, &badge, &unusable) == NULL)
    return unusable;
  if (thread->caller != NULL) {
    int64_t error = channel_reply(thread, thread->caller);
    if (error < 0)
      return error;
    if (thread->state == THREAD_ENDED)
      return CALL_PENDING; // the answer ended its own process
  }
  return call_receive(thread);
}

static int64_t call_reply(struct thread *thread) {
  uint64_t handle = thread->trapframe.a0;
  if (handle == 0)
    return channel_reply(thread, thread->caller);
  struct capability *capability = capability_find(&thread->process->table, handle, OBJECT_REPLY, RIGHT_SEND);
  if (capability == NULL)
    return -EBADF;
  struct reply *reply = (struct reply *)capability->object;
  int64_t error = channel_reply(thread, reply->caller);
  if ((error == 0 || error == -EPIPE) && thread->state != THREAD_ENDED)
    capability_delete(capability); // it was for one answer
  return error;
}

static int64_t call_save_reply(struct thread *thread) {
  if (thread->caller == NULL)
    return -ENOENT;
  struct reply *reply = object_create(OBJECT_REPLY, thread->process->quota);
  int64_t handle = call_publish(thread, reply, RIGHT_SEND | RIGHT_GRANT);
  if (handle > 0)
    reply_save(thread, reply);
  return handle;
}

static int64_t call_signal(struct thread *thread) {
  struct call_target target;
  if (!call_target(thread, thread->trapframe.a0, OBJECT_NOTIFICATION, &target) || target.object == NULL)
    return -EBADF;
  notification_signal(target.object, target.badge);
  return 0;
}

static int64_t call_wait(struct thread *thread) {
  struct notification *notification =
      call_object(thread, thread->trapframe.a0, OBJECT_NOTIFICATION, RIGHT_RECEIVE);
  return notification == NULL ? -EBADF : notification_wait(thread, notification, thread->trapframe.a1);
}

static int64_t call_bind(struct thread *thread) {
  struct thread *bound = call_object(thread, thread->trapframe.a0, OBJECT_THREAD, RIGHT_CONTROL);
  struct notification *notification = NULL;
  if (bound == NULL || bound->state == THREAD_ENDED)
    return -EBADF;
  if (thread->trapframe.a1 != 0) {
    notification = call_object(thread, thread->trapframe.a1, OBJECT_NOTIFICATION, RIGHT_RECEIVE);
    if (notification == NULL)
      return -EBADF;
  }
  return notification_bind(bound, notification);
}

static int64_t call_yield(struct thread *thread) {
  sched_yield(thread);
  return 0;
}

static int64_t call_sleep(struct thread *thread) {
  uint64_t deadline = thread->trapframe.a0;
  if (deadline <= timer_now())
    return 0;
  thread_wait(thread, WAIT_SLEEP, NULL, deadline);
  return CALL_PENDING;
}

static int64_t call_futex_wait(struct thread *thread) {
  const struct trapframe *frame = &thread->trapframe;
  return futex_wait(thread, frame->a0, (uint32_t)frame->a1, frame->a2);
}

static int64_t call_futex_wake(struct thread *thread) {
  return futex_wake(thread, thread->trapframe.a0, thread->trapframe.a1);
}

static int64_t call_exit(struct thread *thread) {
  thread_end(thread, thread->trapframe.a0);
  return CALL_PENDING;
}

// By ~number, as abi/call.h has them.
static call_function *const calls[CALL_COUNT] = {
    [~CALL_CALL] = call_call,
    [~CALL_REPLY_WAIT] = call_reply_wait,
    [~CALL_YIELD] = call_yield,
    [~CALL_SEND] = call_send,
    [~CALL_RECEIVE] = call_receive,
    [~CALL_REPLY] = call_reply,
    [~CALL_SAVE_REPLY] = call_save_reply,
    [~CALL_SIGNAL] = call_signal,
    [~CALL_WAIT] = call_wait,
    [~CALL_BIND] = call_bind,
    [~CALL_SLEEP] = call_sleep,
    [~CALL_FUTEX_WAIT] = call_futex_wait,
    [~CALL_FUTEX_WAKE] = call_futex_wake,
    [~CALL_EXIT] = call_exit,
    [~CALL_COPY_CAPABILITY] = call_copy_capability,
    [~CALL_GRANT] = call_grant,
    [~CALL_DELETE] = call_delete,
    [~CALL_REVOKE] = call_revoke,
    [~CALL_IDENTIFY] = call_identify,
    [~CALL_CREATE_ENDPOINT] = call_create_endpoint,
    [~CALL_CREATE_NOTIFICATION] = call_create_notification,
    [~CALL_CREATE_PORT] = call_create_port,
    [~CALL_CREATE_TIMER] = call_create_timer,
    [~CALL_SET_TIMER] = call_set_timer,
    [~CALL_BIND_INTERRUPT] = call_bind_interrupt,
    [~CALL_ACKNOWLEDGE_INTERRUPT] = call_acknowledge_interrupt,
    [~CALL_CREATE_MEMORY] = call_create_memory,
    [~CALL_RESIZE_MEMORY] = call_resize_memory,
    [~CALL_DUPLICATE_MEMORY] = call_duplicate_memory,
    [~CALL_MAP] = call_map,
    [~CALL_UNMAP] = call_unmap,
    [~CALL_PROTECT] = call_protect,
    [~CALL_COPY] = call_copy,
    [~CALL_SUPPLY_PAGE] = call_supply_page,
    [~CALL_EVICT_PAGE] = call_evict_page,
    [~CALL_SCAN_MEMORY] = call_scan_memory,
    [~CALL_PHYSICAL_ADDRESS] = call_physical_address,
    [~CALL_CREATE_PROCESS] = call_create_process,
    [~CALL_END_PROCESS] = call_end_process,
    [~CALL_CREATE_THREAD] = call_create_thread,
    [~CALL_END_THREAD] = call_end_thread,
    [~CALL_SUSPEND] = call_suspend,
    [~CALL_RESUME] = call_resume,
    [~CALL_INTERRUPT_THREAD] = call_interrupt_thread,
    [~CALL_READ_THREAD] = call_read_thread,
    [~CALL_WRITE_THREAD] = call_write_thread,
    [~CALL_SCHEDULE_THREAD] = call_schedule_thread,
    [~CALL_AWAIT_END] = call_await_end,
    [~CALL_NOTIFY_END] = call_notify_end,
    [~CALL_OPEN_THREAD] = call_open_thread,
    [~CALL_READ_REGION] = call_read_region,
    [~CALL_PRINT] = call_print,
    [~CALL_OPEN_INTERRUPT] = call_open_interrupt,
    [~CALL_OPEN_DEVICE] = call_open_device,
    [~CALL_POWER] = call_power,
    [~CALL_INSPECT] = call_inspect,
};

void kernel_call(struct thread *thread) {
  uint64_t index = ~thread->trapframe.a7;
  object_retain(&thread->object); // the call may end it
  int64_t result = index < CALL_COUNT ? calls[index](thread) : -ENOSYS;
  if (result != CALL_PENDING && thread->state != THREAD_ENDED)
    thread_return(thread, result);
  object_release(&thread->object);
}
