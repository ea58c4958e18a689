// Calls on processes and threads.

#include "call.h"
#include "channel.h"
#include "hart.h"
#include "process.h"
#include "sched.h"
#include "string.h"

#define PROCESS_RIGHTS (RIGHT_SEND | RIGHT_READ | RIGHT_WRITE | RIGHT_CONTROL | RIGHT_GRANT)
#define THREAD_RIGHTS  (RIGHT_READ | RIGHT_WRITE | RIGHT_CONTROL | RIGHT_GRANT)

// What is to be tried again after the others had their turn: the call is made once more.
static int64_t try_again(struct thread *thread) {
  sched_yield(thread);
  return CALL_PENDING;
}

int64_t call_create_process(struct thread *thread) {
  struct process_start start;
  struct call_target system_calls, faults;
  int64_t error = call_copy_in(thread, &start, thread->trapframe.a0, sizeof start);
  if (error != 0)
    return error;
  if (!call_target(thread, start.system_call_endpoint, OBJECT_ENDPOINT, &system_calls) ||
      !call_target(thread, start.fault_endpoint, OBJECT_ENDPOINT, &faults))
    return -EBADF;
  struct process *process = process_create(thread->process, &start);
  if (process == NULL)
    return -ENOMEM;
  process->system_calls = system_calls.object;
  process->system_calls_badge = system_calls.badge;
  process->faults = faults.object;
  process->faults_badge = faults.badge;
  if (system_calls.object != NULL)
    object_retain(system_calls.object);
  if (faults.object != NULL)
    object_retain(faults.object);
  int64_t handle = call_publish(thread, process, PROCESS_RIGHTS);
  if (handle < 0)
    process_end(process, (struct end_info){.reason = END_EXITED, .code = handle});
  return handle;
}

int64_t call_end_process(struct thread *thread) {
  const struct trapframe *frame = &thread->trapframe;
  struct process *process = call_object(thread, frame->a0, OBJECT_PROCESS, RIGHT_CONTROL);
  if (process == NULL)
    return -EBADF;
  process_end(process, (struct end_info){.reason = END_EXITED, .code = (int64_t)frame->a1});
  return 0;
}

// Finds the message buffer that a thread is to have. The memory is retained.
static bool set_buffer(struct thread *thread, uint64_t address) {
  if (address == 0)
    return true;
  if (address % sizeof(struct message_buffer) != 0)
    return false;
  thread->buffer = address_space_wired(&thread->process->space, address, sizeof(struct message_buffer),
                                       &thread->buffer_memory);
  if (thread->buffer != NULL)
    object_retain(&thread->buffer_memory->object);
  return thread->buffer != NULL;
}

static uint64_t existing_harts(void) { return (1ul << hart_count) - 1; }

int64_t call_create_thread(struct thread *thread) {
  const struct trapframe *frame = &thread->trapframe;
  struct process *process = call_object(thread, frame->a0, OBJECT_PROCESS, RIGHT_CONTROL);
  struct thread_start start;
  if (process == NULL)
    return -EBADF;
  if (process->ending)
    return -ESRCH;
  int64_t error = call_copy_in(thread, &start, frame->a1, sizeof start);
  if (error != 0)
    return error;
  if ((start.affinity & existing_harts()) == 0)
    return -EINVAL;
  if (start.priority == (uint32_t)UNCHANGED)
    start.priority = thread->priority;
  if (start.priority > thread->priority)
    return -EPERM;
  struct thread *created = thread_create(process, thread->process->quota, &start);
  if (created == NULL)
    return -ENOMEM;
  bool has_buffer = set_buffer(created, start.buffer);
  object_retain(&created->object);
  int64_t handle = has_buffer ? call_publish(thread, created, THREAD_RIGHTS) : -EINVAL;
  if (!has_buffer)
    object_release(&created->object);
  if (handle < 0)
    thread_discard(created);
  else
    sched_ready(created);
  object_release(&created->object);
  return handle;
}

int64_t call_end_thread(struct thread *thread) {
  const struct trapframe *frame = &thread->trapframe;
  struct thread *ended = call_object(thread, frame->a0, OBJECT_THREAD, RIGHT_CONTROL);
  if (ended == NULL)
    return -EBADF;
  thread_end(ended, frame->a1);
  return 0;
}

// Returns whether it is done: no thread runs on another hart.
static bool suspend_process(struct process *process) {
  bool done = true;
  for (struct thread *thread = process->first_thread; thread != NULL; thread = thread->next_of_process)
    done = thread_suspend(thread, SUSPENDED_BY_PROCESS) && done;
  return done;
}

static void resume_process(struct process *process) {
  for (struct thread *thread = process->first_thread; thread != NULL; thread = thread->next_of_process)
    thread_resume(thread, SUSPENDED_BY_PROCESS);
}

int64_t call_suspend(struct thread *thread) {
  uint64_t handle = thread->trapframe.a0;
  struct thread *suspended = call_object(thread, handle, OBJECT_THREAD, RIGHT_CONTROL);
  struct process *process = call_object(thread, handle, OBJECT_PROCESS, RIGHT_CONTROL);
  if (suspended == NULL && process == NULL)
    return -EBADF;
  bool is_own = suspended == thread || process == thread->process;
  if (is_own)
    thread_return(thread, 0); // before it is parked: it goes on behind the call
  bool done = process != NULL ? suspend_process(process) : thread_suspend(suspended, SUSPENDED_ITSELF);
  if (is_own)
    return CALL_PENDING;
  return done ? 0 : try_again(thread);
}

int64_t call_resume(struct thread *thread) {
  uint64_t handle = thread->trapframe.a0;
  struct thread *resumed = call_object(thread, handle, OBJECT_THREAD, RIGHT_CONTROL);
  struct process *process = call_object(thread, handle, OBJECT_PROCESS, RIGHT_CONTROL);
  if (resumed == NULL && process == NULL)
    return -EBADF;
  if (process != NULL)
    resume_process(process);
  else
    thread_resume(resumed, SUSPENDED_ITSELF);
  return 0;
}

int64_t call_interrupt_thread(struct thread *thread) {
  struct thread *interrupted = call_object(thread, thread->trapframe.a0, OBJECT_THREAD, RIGHT_CONTROL);
  if (interrupted == NULL)
    return -EBADF;
  return thread_interrupt(interrupted) ? 0 : -EAGAIN;
}

// A thread whose registers stand still: it is parked, or will be with its answer, or somebody has its fault.
// The registers of one that waits to send have been checked, and are not to change any more.
static bool stands_still(const struct thread *thread) {
  return thread->state == THREAD_PARKED ||
         (thread->state == THREAD_WAITING &&
          (thread->waiting == WAIT_FAULT || (thread->waiting == WAIT_REPLY && thread->suspended != 0)));
}

int64_t call_read_thread(struct thread *thread) {
  const struct trapframe *frame = &thread->trapframe;
  struct thread *read = call_object(thread, frame->a0, OBJECT_THREAD, RIGHT_READ);
  if (read == NULL)
    return -EBADF;
  if (!stands_still(read))
    return -EBUSY;
  struct thread_state state = {.has_float = read->floats != NULL, .waiting = read->waiting};
  memcpy(state.x, &read->trapframe, sizeof state.x);
  if (read->floats != NULL) {
    memcpy(state.f, read->floats->f, sizeof state.f);
    state.fcsr = read->floats->fcsr;
  }
  return call_copy_out(thread, frame->a1, &state, sizeof state);
}

int64_t call_write_thread(struct thread *thread) {
  const struct trapframe *frame = &thread->trapframe;
  struct thread *written = call_object(thread, frame->a0, OBJECT_THREAD, RIGHT_WRITE);
  struct thread_state state;
  if (written == NULL)
    return -EBADF;
  if (!stands_still(written))
    return -EBUSY;
  int64_t error = call_copy_in(thread, &state, frame->a1, sizeof state);
  if (error != 0)
    return error;
  if (state.has_float != 0) {
    if (!sched_allocate_float(written))
      return -ENOMEM;
    memcpy(written->floats->f, state.f, sizeof state.f);
    written->floats->fcsr = state.fcsr & 0xff; // the bits there are (unprivileged specification, 11.2)
    sched_drop_float(written);
  }
  memcpy(&written->trapframe, state.x, sizeof state.x);
  written->short_frame = false;
  return 0;
}

int64_t call_schedule_thread(struct thread *thread) {
  const struct trapframe *frame = &thread->trapframe;
  struct thread *changed =
      frame->a0 == 0 ? thread : call_object(thread, frame->a0, OBJECT_THREAD, RIGHT_CONTROL);
  uint64_t priority = frame->a1, affinity = frame->a2;
  if (changed == NULL)
    return -EBADF;
  if ((affinity != AFFINITY_UNCHANGED && (affinity & existing_harts()) == 0) ||
      (priority >= PRIORITIES && priority != UNCHANGED))
    return -EINVAL;
  if (priority != UNCHANGED && priority > thread->priority)
    return -EPERM;
  if (affinity != AFFINITY_UNCHANGED)
    thread_set_affinity(changed, affinity);
  if (priority != UNCHANGED)
    thread_set_priority(changed, (uint8_t)priority);
  if (changed->state == THREAD_READY)
    sched_replace(changed);
  else if (changed->state == THREAD_RUNNING)
    hart_look_again(changed->trapframe.hart);
  return 0;
}

int64_t call_await_end(struct thread *thread) {
  const struct trapframe *frame = &thread->trapframe;
  struct process *process = call_object(thread, frame->a0, OBJECT_PROCESS, RIGHT_READ);
  struct thread *ending = call_object(thread, frame->a0, OBJECT_THREAD, RIGHT_READ);
  if (process == NULL && ending == NULL)
    return -EBADF;
  if (ending == thread || process == thread->process)
    return -EDEADLK;
  if (!(process != NULL ? process->ended : ending->state == THREAD_ENDED)) {
    if (frame->a1 == 0)
      return -EAGAIN;
    struct thread_queue *waiters = process != NULL ? &process->end_waiters : &ending->end_waiters;
    thread_wait(thread, WAIT_END, waiters, frame->a1);
    return CALL_PENDING;
  }
  if (frame->a2 == 0)
    return 0;
  struct end_info end = {.reason = END_EXITED};
  if (process != NULL) {
    end = process->end;
    end.ticks = process->ticks;
  } else {
    end.code = (int64_t)ending->end_value;
    end.ticks = ending->ticks;
  }
  return call_copy_out(thread, frame->a2, &end, sizeof end);
}

int64_t call_open_thread(struct thread *thread) {
  const struct trapframe *frame = &thread->trapframe;
  struct process *process = call_object(thread, frame->a0, OBJECT_PROCESS, RIGHT_CONTROL);
  if (process == NULL)
    return -EBADF;
  struct thread *found = process->first_thread;
  for (uint64_t index = frame->a1; found != NULL && index > 0; index--)
    found = found->next_of_process;
  if (found == NULL)
    return -ENOENT;
  object_retain(&found->object);
  return call_publish(thread, found, THREAD_RIGHTS);
}

int64_t call_read_region(struct thread *thread) {
  const struct trapframe *frame = &thread->trapframe;
  struct process *process = call_object(thread, frame->a0, OBJECT_PROCESS, RIGHT_CONTROL);
  if (process == NULL)
    return -EBADF;
  const struct region *region = process->space.regions;
  for (uint64_t index = frame->a1; region != NULL && index > 0; index--)
    region = region->next;
  if (region == NULL)
    return -ENOENT;
  struct region_info info = {region->start, (region->end - region->start) / PAGE_SIZE, region->first_page,
                             region->rights};
  int64_t error = call_copy_out(thread, frame->a2, &info, sizeof info);
  if (error != 0)
    return error;
  object_retain(&region->memory->object);
  // What the mapping may ever be, and no more: MAP_* and RIGHT_* are in the same order.
  return call_publish(thread, region->memory, (uint32_t)region->allowed * RIGHT_READ);
}
