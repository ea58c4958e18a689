#include "process.h"
#include "archive.h"
#include "console.h"
#include "elf.h"
#include "hart.h"
#include "power.h"
#include "print.h"
#include "riscv.h"
#include "sched.h"
#include "string.h"
#include "timer.h"

#define HEAP_GAP PAGE_SIZE // between a program and its heap, so that an overflow faults

struct process processes[MAX_PROCESSES];
static struct thread threads[MAX_PROCESSES]; // one for each process, for now
static int32_t last_id;
static struct process *init;

static struct process *find_unused(void) {
  for (unsigned i = 0; i < MAX_PROCESSES; i++) {
    if (processes[i].id == 0)
      return &processes[i];
  }
  return NULL;
}

struct process *process_find(int64_t id) {
  for (unsigned i = 0; i < MAX_PROCESSES; i++) {
    if (id > 0 && processes[i].id == id)
      return &processes[i];
  }
  return NULL;
}

static int32_t unused_id(void) {
  do {
    last_id = last_id == INT32_MAX ? 1 : last_id + 1;
  } while (process_find(last_id) != NULL);
  return last_id;
}

// Writes the argument strings, and below them the array of pointers to them, to the top of the stack. Returns
// the array's address, where the stack begins, or 0 when memory is out.
static user_address push_arguments(struct address_space *space, const struct arguments *arguments) {
  user_address pointers[MAX_ARGUMENTS + 1];
  user_address strings = USER_STACK_TOP - arguments->bytes;
  const char *string = arguments->strings;
  for (uint64_t i = 0; i < arguments->count; i++) {
    pointers[i] = strings + (uint64_t)(string - arguments->strings);
    string += string_length(string) + 1;
  }
  pointers[arguments->count] = 0;
  uint64_t pointer_bytes = (arguments->count + 1) * sizeof pointers[0];
  user_address top = (strings - pointer_bytes) & ~15ul; // the calling convention aligns sp to 16 bytes
  bool written = address_space_load(space, strings, arguments->strings, arguments->bytes) &&
                 address_space_load(space, top, pointers, pointer_bytes);
  return written ? top : 0;
}

// Fills the address space with a program, a stack and an empty heap, and the trapframe with where to begin.
static int64_t load_program(struct address_space *space, const struct program *program,
                            const struct arguments *arguments, struct trapframe *trapframe) {
  user_address entry, end;
  int64_t error = elf_load(space, program->image, program->bytes, &entry, &end);
  if (error < 0)
    return error;
  struct region heap = {end + HEAP_GAP, end + HEAP_GAP, VM_READ | VM_WRITE};
  struct region stack = {USER_STACK_BOTTOM, USER_STACK_TOP, VM_READ | VM_WRITE};
  if (end + HEAP_GAP > USER_HEAP_LIMIT || !address_space_add(space, heap))
    return ERROR_NOT_EXECUTABLE;
  space->heap = &space->regions[space->region_count - 1];
  space->heap_break = heap.start;
  if (!address_space_add(space, stack))
    return ERROR_NOT_EXECUTABLE;
  user_address sp = push_arguments(space, arguments);
  if (sp == 0)
    return ERROR_NO_MEMORY;
  // sstatus 0: to user mode, floating point off until it is used.
  *trapframe = (struct trapframe){.pc = entry, .sp = sp, .a0 = arguments->count, .a1 = sp};
  return 0;
}

int64_t process_spawn(struct process *parent, const char *name, const struct arguments *arguments) {
  struct program program;
  if (!archive_find(name, &program))
    return ERROR_NOT_FOUND;
  struct process *process = find_unused();
  if (process == NULL)
    return ERROR_TOO_MANY;

  struct thread *thread = &threads[process - processes];
  *process = (struct process){.parent = parent, .thread = thread};
  *thread = (struct thread){.process = process};
  int64_t error = ERROR_NO_MEMORY;
  if (address_space_create(&process->space))
    error = load_program(&process->space, &program, arguments, &thread->trapframe);
  if (error < 0) {
    address_space_destroy(&process->space);
    return error;
  }

  size_t length = string_length(program.name);
  memcpy(process->name, program.name, length < NAME_BYTES ? length : NAME_BYTES - 1);
  process->id = unused_id();
  if (parent == NULL)
    init = process;
  sched_wake(thread);
  return process->id;
}

static void end_system(const struct exit_report *report) {
  if (report->reason == EXIT_CALLED)
    print("init exited with status %ld; powering off\n", report->code);
  else
    print("init was killed; powering off\n");
  power_off(report->reason == EXIT_CALLED ? (uint16_t)report->code : 1);
}

static void wake_waiting(struct process *process) {
  if (process->waiting) {
    process->waiting = false;
    sched_wake(process->thread);
  }
}

void process_end(struct process *process, struct exit_report report) {
  if (process == init)
    end_system(&report);
  sched_forget(process->thread);
  process->thread = NULL;
  process->report = report;
  if (this_hart()->space == &process->space)
    address_space_activate(NULL); // its tables are about to become other things
  address_space_destroy(&process->space);
  console_take_focus_from(process);

  for (unsigned i = 0; i < MAX_PROCESSES; i++) {
    if (processes[i].id != 0 && processes[i].parent == process) {
      processes[i].parent = init;
      if (processes[i].thread == NULL)
        wake_waiting(init);
    }
  }
  wake_waiting(process->parent);
}

void process_kill(struct process *process) {
  struct thread *thread = process->thread;
  if (thread == NULL)
    return;
  if (thread->state == THREAD_RUNNING && thread->trapframe.hart != this_hart()) {
    thread->doomed = true;
    hart_interrupt(thread->trapframe.hart);
  } else {
    process_end(process, (struct exit_report){EXIT_KILLED, 0});
  }
}

bool process_is_init(const struct process *process) { return process == init; }

bool process_descends(const struct process *process, const struct process *ancestor) {
  while (process != NULL && process != ancestor)
    process = process->parent;
  return process != NULL;
}

struct process *process_ended_child(const struct process *parent, int64_t id, bool *has_child) {
  *has_child = false;
  for (unsigned i = 0; i < MAX_PROCESSES; i++) {
    struct process *child = &processes[i];
    if (child->id == 0 || child->parent != parent || (id != ANY_CHILD && child->id != id))
      continue;
    *has_child = true;
    if (child->thread == NULL)
      return child;
  }
  return NULL;
}

void process_forget(struct process *process) { process->id = 0; }

void process_describe(const struct process *process, struct process_info *info) {
  static const enum process_state states[] = {
      [THREAD_READY] = PROCESS_READY, [THREAD_RUNNING] = PROCESS_RUNNING, [THREAD_BLOCKED] = PROCESS_BLOCKED};
  *info = (struct process_info){
      .process_id = process->id,
      .parent_id = process->parent == NULL ? 0 : process->parent->id,
      .state = process->thread == NULL ? PROCESS_ENDED : states[process->thread->state],
      .pages = (uint32_t)process->space.pages,
      .processor_microseconds = timer_to_microseconds(process->user_ticks),
  };
  memcpy(info->name, process->name, NAME_BYTES);
}
