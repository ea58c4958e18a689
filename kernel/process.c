#include "process.h"
#include "channel.h"
#include "hart.h"
#include "notification.h"
#include "power.h"
#include "print.h"
#include "string.h"

#define MAILBOX_MESSAGES 16

struct process *first_process;
static struct process *last_process;

static void join_family(struct process *process, struct process *parent) {
  process->parent = parent;
  if (parent == NULL)
    return;
  process->next_sibling = parent->first_child;
  if (process->next_sibling != NULL)
    process->next_sibling->previous_sibling = process;
  parent->first_child = process;
}

static void leave_family(struct process *process) {
  if (process->previous_sibling != NULL)
    process->previous_sibling->next_sibling = process->next_sibling;
  else if (process->parent != NULL)
    process->parent->first_child = process->next_sibling;
  if (process->next_sibling != NULL)
    process->next_sibling->previous_sibling = process->previous_sibling;
  process->parent = process->next_sibling = process->previous_sibling = NULL;
}

// Those that have not ended yet: they run on another hart, and end there.
static void leave_children(struct process *process) {
  while (process->first_child != NULL)
    leave_family(process->first_child);
}

static void list(struct process *process) {
  process->previous = last_process;
  *(last_process == NULL ? &first_process : &last_process->next) = process;
  last_process = process;
}

static void unlist(struct process *process) {
  *(process->next == NULL ? &last_process : &process->next->previous) = process->previous;
  *(process->previous == NULL ? &first_process : &process->previous->next) = process->next;
}

struct process *process_create(struct process *parent, const struct process_start *start) {
  static uint64_t last_id;
  struct quota *payer = parent == NULL ? quota_root() : parent->quota;
  struct process *process = object_create(OBJECT_PROCESS, payer);
  if (process == NULL)
    return NULL;
  process->has_own_quota = start->quota != 0;
  process->quota = process->has_own_quota ? quota_create(payer, start->quota) : payer;
  if (!process->has_own_quota)
    quota_retain(payer);
  if (process->quota == NULL || !address_space_create(&process->space, process->quota)) {
    object_release(&process->object);
    return NULL;
  }
  process->table.quota = process->quota;
  process->id = ++last_id;
  process->tag = start->tag;
  memcpy(process->name, start->name, NAME_BYTES - 1);
  join_family(process, parent);
  list(process);
  object_retain(&process->object); // as long as it has not ended
  return process;
}

static void release_channel(struct channel **channel) {
  if (*channel != NULL)
    object_release(&(*channel)->object);
  *channel = NULL;
}

// Without the first process nobody holds the machine.
_Noreturn static void end_system(const struct end_info *end) {
  print("the first process has ended; powering off\n");
  power_off(end->reason == END_EXITED ? (uint16_t)end->code : 1);
}

// The last thread is gone: so does everything it could touch.
static void finish(struct process *process) {
  if (process == first_process)
    end_system(&process->end);
  process->ending = true;
  process->ended = true;
  capability_delete_all(&process->table);
  address_space_destroy(&process->space);
  release_channel(&process->system_calls);
  release_channel(&process->faults);
  release_channel(&process->mailbox);
  if (process->has_own_quota)
    quota_close(process->quota);
  leave_children(process);
  leave_family(process);
  unlist(process);
  while (process->end_waiters.first != NULL)
    thread_wake(process->end_waiters.first);
  end_watch_signal(&process->end_watch);
  object_release(&process->object);
}

static void end_children_and_threads(struct process *process) {
  for (struct process *child = process->first_child; child != NULL; child = child->next_sibling)
    process_end(child, (struct end_info){.reason = END_EXITED, .code = -EPIPE});
  if (process->thread_count == 0)
    finish(process);
  for (struct thread *thread = process->first_thread; thread != NULL;) {
    struct thread *next = thread->next_of_process;
    thread_end(thread, 0);
    thread = next;
  }
}

void process_end(struct process *process, struct end_info end) {
  // What the end of one brings down with it, children and those whose faults it handled, is next: as a list,
  // since the kernel's stack is short.
  static struct process *first, *last;
  if (process->ending)
    return;
  process->ending = true;
  process->end = end;
  object_retain(&process->object);
  bool is_alone = last == NULL;
  *(is_alone ? &first : &last->next_ending) = process;
  last = process;
  if (!is_alone)
    return; // somebody further down the stack is at it
  for (struct process *next; first != NULL; first = next) {
    end_children_and_threads(first);
    next = first->next_ending;
    if (next == NULL)
      last = NULL;
    object_release(&first->object);
  }
}

void process_forget_thread(struct process *process, uint64_t value) {
  if (process->thread_count > 0)
    return;
  if (process->ending)
    finish(process);
  else
    process_end(process, (struct end_info){.reason = END_EXITED, .code = (int64_t)value});
}

struct channel *process_mailbox(struct process *process) {
  if (process->ending)
    return NULL;
  if (process->mailbox == NULL)
    process->mailbox = port_create(process->quota, MAILBOX_MESSAGES);
  return process->mailbox;
}

void process_destroy(struct process *process) {
  end_watch_set(&process->end_watch, NULL, 0);
  if (process->quota != NULL)
    quota_release(process->quota);
}
