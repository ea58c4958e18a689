// The memory of a calling process, as seen from here. All return 0 or -EFAULT unless said otherwise.
#pragma once

#include "task.h"
#include <sys/uio.h>

int64_t copy_in(struct task *task, void *to, uint64_t from, size_t bytes);
int64_t copy_out(struct task *task, uint64_t to, const void *from, size_t bytes);
int64_t clear_out(struct task *task, uint64_t to, size_t bytes);

// A string with its null byte. Returns its length; -ENAMETOOLONG if it does not fit.
int64_t copy_string_in(struct task *task, char *to, uint64_t from, size_t size);

// Bytes on their way between a process, where they may be scattered, and the server.
struct transfer {
  struct task *task;
  struct iovec single;
  struct iovec *pieces; // &single, or allocated
  uint32_t count;
  uint32_t piece; // the current one
  size_t offset;  // in it
  size_t left;    // bytes in all
  size_t done;
};

void transfer_single(struct transfer *transfer, struct task *task, uint64_t address, size_t bytes);

// Of an array of struct iovec. Returns 0 or an error.
int64_t transfer_vector(struct transfer *transfer, struct task *task, uint64_t vector, uint64_t count);
void transfer_free(struct transfer *transfer);

// Skips bytes that an earlier try has moved.
void transfer_skip(struct transfer *transfer, size_t bytes);

// Move `bytes` (at most what is left) from, or to, the process.
int64_t transfer_in(struct transfer *transfer, void *to, size_t bytes);
int64_t transfer_out(struct transfer *transfer, const void *from, size_t bytes);
