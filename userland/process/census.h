// What the kernel counts: a picture of all its processes and threads, taken anew when it is too old.
#pragma once

#include "call.h"
#include <stddef.h>
#include <stdint.h>

struct process;
struct task;

// What a POSIX process's kernel process is tagged with.
#define CENSUS_TAG(id) (1ul << 40 | (uint64_t)(id))

void census_refresh(void);

// NULL: not in the picture.
const struct process_info *census_process(const struct process *process);
const struct process_info *census_by_kernel_id(uint64_t id);
const struct thread_info *census_thread(const struct task *task);
const struct thread_info *census_thread_by_id(uint64_t id);

// All, and all threads; `count` is set.
const struct process_info *census_processes(size_t *count);
const struct thread_info *census_threads(size_t *count);

struct system_info census_system(void);
