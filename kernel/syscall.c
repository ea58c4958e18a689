#include "syscall.h"
#include "abi/system_call.h"
#include "archive.h"
#include "console.h"
#include "pmem.h"
#include "power.h"
#include "process.h"
#include "sched.h"
#include "string.h"
#include "timer.h"

// Nothing a user passes is trusted: addresses go through address_space_copy_*, which walk the caller's own
// regions, and every number is checked. A call that cannot be done returns an error to the caller and has
// changed nothing.

#define CHUNK_BYTES       256  // copied through the kernel's stack at a time
#define LONGEST_WRITE     4096 // in one call, since nobody else gets into the kernel meanwhile
#define INSTRUCTION_BYTES 4    // ecall has no compressed form

// A call's result, for calls that never block.
typedef int64_t simple_call(struct process *caller, const struct trapframe *frame);

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

static int64_t call_write(struct process *caller, const struct trapframe *frame) {
  uint64_t length = least(frame->a1, LONGEST_WRITE);
  for (uint64_t written = 0; written < length;) {
    char chunk[CHUNK_BYTES];
    uint64_t bytes = least(length - written, sizeof chunk);
    if (!address_space_copy_in(&caller->space, chunk, frame->a0 + written, bytes))
      return written > 0 ? (int64_t)written : ERROR_BAD_ADDRESS;
    console_write(chunk, bytes);
    written += bytes;
  }
  return (int64_t)length;
}

// Gathers the strings of a null-terminated array of pointers.
static int64_t copy_in_arguments(struct address_space *space, user_address array,
                                 struct arguments *arguments) {
  *arguments = (struct arguments){0};
  for (;; array += sizeof(user_address)) {
    user_address string;
    if (!address_space_copy_in(space, &string, array, sizeof string))
      return ERROR_BAD_ADDRESS;
    if (string == 0)
      return 0;
    if (arguments->count == MAX_ARGUMENTS)
      return ERROR_TOO_MANY;
    char *to = &arguments->strings[arguments->bytes];
    int64_t length = address_space_copy_string(space, to, string, ARGUMENT_BYTES - arguments->bytes);
    if (length < 0)
      return length;
    arguments->bytes += (uint64_t)length + 1;
    arguments->count++;
  }
}

static int64_t call_spawn(struct process *caller, const struct trapframe *frame) {
  char name[NAME_BYTES];
  struct arguments arguments;
  int64_t error = address_space_copy_string(&caller->space, name, frame->a0, sizeof name);
  if (error >= 0)
    error = copy_in_arguments(&caller->space, frame->a1, &arguments);
  return error < 0 ? error : process_spawn(caller, name, &arguments);
}

static int64_t call_kill(struct process *caller, const struct trapframe *frame) {
  struct process *process = process_find((int64_t)frame->a0);
  if (process == NULL)
    return ERROR_NOT_FOUND;
  if (!process_descends(process, caller))
    return ERROR_NOT_PERMITTED;
  process_kill(process);
  return 0;
}

static int64_t call_yield(struct process *caller, const struct trapframe *frame) {
  (void)caller, (void)frame;
  return 0;
}

static int64_t call_process_id(struct process *caller, const struct trapframe *frame) {
  (void)frame;
  return caller->id;
}

static int64_t call_grow_heap(struct process *caller, const struct trapframe *frame) {
  user_address before = caller->space.heap_break;
  return address_space_move_break(&caller->space, (int64_t)frame->a0) ? (int64_t)before : ERROR_NO_MEMORY;
}

static int64_t call_list_processes(struct process *caller, const struct trapframe *frame) {
  uint64_t listed = 0;
  for (unsigned i = 0; i < MAX_PROCESSES && listed < frame->a1; i++) {
    if (processes[i].id == 0)
      continue;
    struct process_info info;
    process_describe(&processes[i], &info);
    if (!address_space_copy_out(&caller->space, frame->a0 + listed * sizeof info, &info, sizeof info))
      return ERROR_BAD_ADDRESS;
    listed++;
  }
  return (int64_t)listed;
}

static int64_t call_uptime(struct process *caller, const struct trapframe *frame) {
  (void)caller, (void)frame;
  return (int64_t)timer_uptime();
}

static int64_t call_memory(struct process *caller, const struct trapframe *frame) {
  struct memory_info info = {pmem_total_bytes(), pmem_free_bytes()};
  return address_space_copy_out(&caller->space, frame->a0, &info, sizeof info) ? 0 : ERROR_BAD_ADDRESS;
}

static int64_t call_program_name(struct process *caller, const struct trapframe *frame) {
  struct program program;
  if (!archive_at(frame->a0, &program))
    return ERROR_NOT_FOUND;
  uint64_t length = string_length(program.name);
  if (frame->a2 < length + 1)
    return ERROR_INVALID;
  bool copied = address_space_copy_out(&caller->space, frame->a1, program.name, length + 1);
  return copied ? (int64_t)length : ERROR_BAD_ADDRESS;
}

static int64_t call_console_focus(struct process *caller, const struct trapframe *frame) {
  struct process *process = process_find((int64_t)frame->a0);
  if (process == NULL || process->thread == NULL)
    return ERROR_NOT_FOUND;
  if (caller != console_focused() || process->parent != caller)
    return ERROR_NOT_PERMITTED;
  console_focus(process);
  return 0;
}

static int64_t call_power_off(struct process *caller, const struct trapframe *frame) {
  if (!process_is_init(caller))
    return ERROR_NOT_PERMITTED;
  if (frame->a0 > UINT16_MAX)
    return ERROR_INVALID;
  power_off((uint16_t)frame->a0);
}

static int64_t call_reboot(struct process *caller, const struct trapframe *frame) {
  (void)frame;
  if (!process_is_init(caller))
    return ERROR_NOT_PERMITTED;
  power_reboot();
}

static simple_call *const simple_calls[] = {
    [CALL_WRITE] = call_write,
    [CALL_SPAWN] = call_spawn,
    [CALL_KILL] = call_kill,
    [CALL_YIELD] = call_yield,
    [CALL_PROCESS_ID] = call_process_id,
    [CALL_GROW_HEAP] = call_grow_heap,
    [CALL_LIST_PROCESSES] = call_list_processes,
    [CALL_UPTIME] = call_uptime,
    [CALL_MEMORY] = call_memory,
    [CALL_PROGRAM_NAME] = call_program_name,
    [CALL_CONSOLE_FOCUS] = call_console_focus,
    [CALL_POWER_OFF] = call_power_off,
    [CALL_REBOOT] = call_reboot,
};

static enum verdict end_call(struct thread *thread) {
  process_end(thread->process, (struct exit_report){EXIT_CALLED, (int32_t)thread->trapframe.a0});
  return END;
}

static enum verdict sleep_call(struct thread *thread) {
  sched_sleep(thread, timer_now() + timer_from_microseconds(thread->trapframe.a0));
  thread->trapframe.a0 = 0;
  return BLOCK;
}

static enum verdict read_call(struct thread *thread) {
  struct process *caller = thread->process;
  struct trapframe *frame = &thread->trapframe;
  char bytes[CHUNK_BYTES];
  uint64_t length = least(frame->a1, sizeof bytes);
  // Before waiting, and before bytes are taken that could then not be delivered.
  if (!address_space_permits(&caller->space, frame->a0, length, VM_WRITE)) {
    frame->a0 = (uint64_t)ERROR_BAD_ADDRESS;
    return RESUME;
  }
  if (length > 0 && console_must_wait(caller))
    return RETRY;
  uint64_t count = console_read(bytes, length);
  address_space_copy_out(&caller->space, frame->a0, bytes, count);
  frame->a0 = count;
  return RESUME;
}

static enum verdict wait_call(struct thread *thread) {
  struct process *caller = thread->process;
  struct trapframe *frame = &thread->trapframe;
  bool has_child;
  struct process *child = process_ended_child(caller, (int64_t)frame->a0, &has_child);
  int64_t result;
  if (!has_child) {
    result = ERROR_NOT_FOUND;
  } else if (child == NULL && (frame->a2 & WAIT_DO_NOT_BLOCK) == 0) {
    caller->waiting = true;
    return RETRY;
  } else if (child == NULL) {
    result = 0;
  } else if (!address_space_copy_out(&caller->space, frame->a1, &child->report, sizeof child->report)) {
    result = ERROR_BAD_ADDRESS;
  } else {
    result = child->id;
    process_forget(child);
  }
  frame->a0 = (uint64_t)result;
  return RESUME;
}

// Performs the call as if its instruction had been executed; a verdict of RETRY takes that back.
static enum verdict perform(struct thread *thread) {
  struct trapframe *frame = &thread->trapframe;
  switch (frame->a7) {
  case CALL_EXIT:
    return end_call(thread);
  case CALL_SLEEP:
    return sleep_call(thread);
  case CALL_READ:
    return read_call(thread);
  case CALL_WAIT:
    return wait_call(thread);
  }
  simple_call *call =
      frame->a7 < sizeof simple_calls / sizeof simple_calls[0] ? simple_calls[frame->a7] : NULL;
  frame->a0 = (uint64_t)(call == NULL ? ERROR_NO_SUCH_CALL : call(thread->process, frame));
  return frame->a7 == CALL_YIELD ? YIELD : RESUME;
}

enum verdict syscall(struct thread *thread) {
  enum verdict verdict = perform(thread);
  if (verdict != RETRY)
    thread->trapframe.pc += INSTRUCTION_BYTES;
  return verdict;
}
