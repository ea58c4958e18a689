#include "thread.h"
#include "call.h"
#include "channel.h"
#include "hart.h"
#include "notification.h"
#include "pool.h"
#include "process.h"
#include "sched.h"

struct thread *thread_create(struct process *process, struct quota *quota, const struct thread_start *start) {
  static uint64_t last_id;
  struct thread *thread = object_create(OBJECT_THREAD, quota);
  if (thread == NULL)
    return NULL;
  thread->id = ++last_id;
  thread->tag = start->tag;
  thread->process = process;
  object_retain(&process->object);
  object_retain(&thread->object); // as long as it lives
  thread->state = THREAD_PARKED;
  thread->suspended = start->suspended != 0 ? SUSPENDED_ITSELF : 0;
  if (process->first_thread != NULL)
    thread->suspended |= process->first_thread->suspended & SUSPENDED_BY_PROCESS;
  thread->priority = thread->effective_priority = (uint8_t)start->priority;
  thread_set_affinity(thread, start->affinity);
  // sstatus 0: to user mode, floating point off until it is used.
  thread->trapframe = (struct trapframe){.pc = start->pc,
                                         .sp = start->sp,
                                         .gp = start->gp,
                                         .tp = start->tp,
                                         .a0 = start->arguments[0],
                                         .a1 = start->arguments[1],
                                         .a2 = start->arguments[2],
                                         .a3 = start->arguments[3],
                                         .hart = this_hart()};
  thread->previous_of_process = process->last_thread;
  *(process->last_thread == NULL ? &process->first_thread : &process->last_thread->next_of_process) = thread;
  process->last_thread = thread;
  process->thread_count++;
  return thread;
}

static void wait_expired(struct deadline *deadline) {
  struct thread *thread = thread_of_deadline(deadline);
  thread_complete(thread, thread->waiting == WAIT_SLEEP ? 0 : -ETIMEDOUT);
}

void thread_wait(struct thread *thread, enum wait_reason reason, struct thread_queue *queue,
                 uint64_t deadline) {
  if (thread->state == THREAD_RUNNING)
    sched_remove(thread);
  thread->state = THREAD_WAITING;
  thread->waiting = (uint8_t)reason;
  if (queue != NULL)
    queue_insert_by_priority(queue, thread);
  thread->timed = deadline != WAIT_FOREVER;
  if (thread->timed)
    deadline_set(&thread->deadline, deadline, wait_expired);
}

// Takes a waiting thread out of everything but what it has been received by.
static void stop_waiting(struct thread *thread) {
  struct thread *server = NULL;
  if (thread->queue != NULL) {
    server = channel_waits_for(thread);
    queue_remove(thread);
  }
  if (thread->waiting == WAIT_FUTEX)
    object_release(&thread->futex.memory->object);
  deadline_clear(&thread->deadline);
  thread->timed = false;
  thread->waiting = WAIT_NOT;
  thread->urgent = false;
  thread->sending = MESSAGE_USER;
  if (server != NULL && server->inherits)
    thread_inherit(server); // perhaps from this one
}

void thread_wake(struct thread *thread) {
  stop_waiting(thread);
  sched_ready(thread);
}

void thread_complete(struct thread *thread, int64_t result) {
  if (thread->waiting == WAIT_REPLY)
    reply_forget(thread);
  thread_return(thread, result);
  if (thread->state == THREAD_WAITING)
    thread_wake(thread);
}

static bool is_received(const struct thread *thread) {
  return thread->waiting == WAIT_REPLY || thread->waiting == WAIT_FAULT;
}

void thread_restart(struct thread *thread) {
  if (thread->state != THREAD_WAITING || is_received(thread))
    return;
  thread_wake(thread);
}

bool thread_suspend(struct thread *thread, uint8_t reason) {
  thread->suspended |= reason;
  if (thread->state == THREAD_RUNNING && thread->trapframe.hart != this_hart()) {
    hart_interrupt(thread->trapframe.hart); // there it parks
    return false;
  }
  if (thread->state == THREAD_RUNNING || thread->state == THREAD_READY) {
    sched_remove(thread);
    thread->state = THREAD_PARKED;
  } else {
    thread_restart(thread);
  }
  return true;
}

void thread_resume(struct thread *thread, uint8_t reason) {
  thread->suspended &= (uint8_t)~reason;
  if (thread->state == THREAD_PARKED)
    sched_ready(thread);
}

bool thread_interrupt(struct thread *thread) {
  if (thread->state != THREAD_WAITING || thread->sending != MESSAGE_USER)
    return false;
  thread_complete(thread, -EINTR);
  return true;
}

void thread_inherit(struct thread *thread) {
  // What waits in a circle is not helped by urgency: hence the bound.
  for (unsigned links = 0; thread != NULL && links < PRIORITIES; links++) {
    uint8_t priority = thread->priority;
    if (thread->caller != NULL && thread->caller->effective_priority > priority)
      priority = thread->caller->effective_priority;
    struct thread *first = thread->serves == NULL ? NULL : thread->serves->senders.first;
    if (first != NULL && first->effective_priority > priority)
      priority = first->effective_priority;
    if (priority == thread->effective_priority) {
      thread->inherits = priority != thread->priority;
      return;
    }
    bool fell = priority < thread->effective_priority;
    thread->effective_priority = priority;
    thread->inherits = priority != thread->priority;
    if (thread->state == THREAD_READY) {
      sched_replace(thread);
      return;
    }
    if (thread->state == THREAD_RUNNING && fell)
      hart_look_again(thread->trapframe.hart); // somebody may be more urgent now
    if (thread->state != THREAD_WAITING)
      return;
    if (thread->queue != NULL) {
      struct thread_queue *queue = thread->queue;
      queue_remove(thread);
      queue_insert_by_priority(queue, thread);
    }
    thread = channel_waits_for(thread);
  }
}

void thread_set_affinity(struct thread *thread, uint64_t affinity) {
  thread->affinity = affinity;
  thread->pinned = false;
  for (unsigned i = 0; i < hart_count; i++)
    thread->pinned |= (affinity & harts[i].bit) == 0;
}

void thread_set_priority(struct thread *thread, uint8_t priority) {
  thread->priority = priority;
  thread_inherit(thread);
}

static void leave_process(struct thread *thread) {
  struct process *process = thread->process;
  struct thread *next = thread->next_of_process, *previous = thread->previous_of_process;
  *(next == NULL ? &process->last_thread : &next->previous_of_process) = previous;
  *(previous == NULL ? &process->first_thread : &previous->next_of_process) = next;
  process->ticks += thread->ticks;
  process->calls_made += thread->calls_made;
  process->received += thread->received;
  process->fault_count += thread->faults;
  process->thread_count--;
}

// Takes everything from a thread that executes nowhere.
static void strip(struct thread *thread, uint64_t value) {
  reply_forget(thread);
  channel_abandon_caller(thread);
  channel_stop_serving(thread);
  notification_bind(thread, NULL);
  sched_forget_float(thread);
  if (thread->buffer_memory != NULL)
    object_release(&thread->buffer_memory->object);
  thread->buffer = NULL;
  thread->buffer_memory = NULL;
  thread->state = THREAD_ENDED;
  thread->end_value = value;
  while (thread->end_waiters.first != NULL)
    thread_wake(thread->end_waiters.first); // who asks again, and gets the value
  end_watch_signal(&thread->end_watch);
  leave_process(thread);
  object_release(&thread->object);
}

void thread_end(struct thread *thread, uint64_t value) {
  if (thread->state == THREAD_ENDED)
    return;
  if (thread->state == THREAD_RUNNING && thread->trapframe.hart != this_hart()) {
    thread->doomed = true;
    thread->end_value = value;
    hart_interrupt(thread->trapframe.hart);
    return;
  }
  if (thread->state == THREAD_RUNNING || thread->state == THREAD_READY)
    sched_remove(thread);
  else
    stop_waiting(thread);
  thread->state = THREAD_PARKED; // in no queue: its priority may still change
  struct process *process = thread->process;
  object_retain(&process->object);
  strip(thread, value);
  process_forget_thread(process, value);
  object_release(&process->object);
}

void thread_discard(struct thread *thread) { strip(thread, 0); }

void thread_destroy(struct thread *thread) {
  end_watch_set(&thread->end_watch, NULL, 0);
  object_release(&thread->process->object);
}
