// A process: an address space, a thread in it, and a place in the tree of processes.
#pragma once

#include "abi/system_call.h"
#include "address_space.h"
#include "thread.h"
#include "types.h"

#define MAX_PROCESSES  64
#define ARGUMENT_BYTES 2048 // of all strings together
#define MAX_ARGUMENTS  32

struct process {
  int32_t id; // 0 = the structure is unused
  struct process *parent;
  char name[NAME_BYTES];
  struct address_space space;
  struct thread *thread; // NULL once the process has ended
  bool waiting, reading; // the thread is blocked in a wait or a read call
  uint64_t user_ticks;   // time spent in user mode
  struct exit_report report;
};

// Argument strings one behind the other, each with its terminator.
struct arguments {
  uint64_t count, bytes;
  char strings[ARGUMENT_BYTES];
};

extern struct process processes[MAX_PROCESSES];

// Starts a program of the archive. Returns the new process's id or an error. The first process has no parent:
// it is init, and the system ends with it.
int64_t process_spawn(struct process *parent, const char *name, const struct arguments *arguments);

// Ends a process whose thread is not executing user code, now. Its children become init's.
void process_end(struct process *process, struct exit_report report);

// Ends a process wherever it is: at once, or when the hart it runs on has been interrupted.
void process_kill(struct process *process);

// The process with that id, or NULL.
struct process *process_find(int64_t id);

bool process_is_init(const struct process *process);

// Whether `process` is below `ancestor` in the tree.
bool process_descends(const struct process *process, const struct process *ancestor);

// An ended child of `parent`: the one with `id`, or any for ANY_CHILD. `*has_child` tells whether there is
// such a child at all. Forgetting it is the caller's to do.
struct process *process_ended_child(const struct process *parent, int64_t id, bool *has_child);

// Frees the structure of an ended process.
void process_forget(struct process *process);

void process_describe(const struct process *process, struct process_info *info);
