// The table of Linux system calls.
#pragma once

#include "task.h"

// Arguments are the six words of the call. Returns the result, a negative errno, or one of CALL_*.
typedef int64_t call_handler(struct task *task, const uint64_t *arguments);

struct call_entry {
  call_handler *handler; // NULL: ENOSYS
  bool restarts;         // when a signal with SA_RESTART interrupts it
  const char *name;
};

const struct call_entry *call_entry(uint64_t number);

#define HANDLER(name) int64_t name(struct task *task, const uint64_t *arguments)

#define CALL(linux_name, ours)     HANDLER(sys_##ours);
#define RESTARTS(linux_name, ours) HANDLER(sys_##ours);
#include "call_list.h"
#undef CALL
#undef RESTARTS
