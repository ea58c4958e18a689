// Processes: an address space, a table of capabilities, a quota, threads.
#pragma once

#define PROCESS_TABLE 16 // offsets for fastpath.S
#define PROCESS_SPACE 48
#define SPACE_SATP    0
#define SPACE_CURRENT 8

#ifndef __ASSEMBLER__

#include "address_space.h"
#include "capability.h"
#include "thread.h"
#include "types.h"

struct process {
  struct object object;
  struct capability_table table;
  struct address_space space;
  struct quota *quota; // what it creates is charged to it
  bool has_own_quota;  // otherwise it is its creator's
  struct process *parent, *first_child, *next_sibling, *previous_sibling;
  struct thread *first_thread, *last_thread;
  uint32_t thread_count;
  bool ending;                           // no new threads, no new capabilities
  bool ended;                            // nothing is left but this structure
  struct channel *system_calls, *faults; // NULL: nobody handles them
  uint64_t system_calls_badge, faults_badge;
  struct channel *mailbox; // made when it is first used
  struct end_info end;
  struct thread_queue end_waiters;
  struct end_watch end_watch;
  struct process *next, *previous; // of all processes, in the order of their creation
  struct process *next_ending;
  uint64_t id, tag;
  char name[NAME_BYTES];
  uint64_t ticks, calls_made, received, fault_count; // of threads that have ended
};

_Static_assert(offsetof(struct process, table) == PROCESS_TABLE, "fastpath.S");
_Static_assert(offsetof(struct process, space) == PROCESS_SPACE, "fastpath.S");
_Static_assert(offsetof(struct address_space, satp) == SPACE_SATP, "fastpath.S");
_Static_assert(offsetof(struct address_space, current_harts) == SPACE_CURRENT, "fastpath.S");

extern struct process *first_process;

// A process without threads, whose quota is taken from the parent's, or is that one if `start` names none.
// The structure itself is charged to the parent. NULL when quota or memory is exhausted. One reference.
struct process *process_create(struct process *parent, const struct process_start *start);

// Ends a process and those it created: their threads end, and then everything they have goes.
void process_end(struct process *process, struct end_info end);

// Notes that a thread, which ended with a value, is no more; the last one ends its process.
void process_forget_thread(struct process *process, uint64_t value);

// Its port, made if it has none; NULL when memory is exhausted, or the process ends.
struct channel *process_mailbox(struct process *process);

// For object_release.
void process_destroy(struct process *process);

#endif
