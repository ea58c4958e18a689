#include "user.h"
#include "process.h"
#include "space.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 256

// A thread that is to end has no memory any more: exec may be filling it for somebody else.
static handle_t process_of(const struct task *task) {
  return task->ending || task->process->space == NULL ? 0 : (handle_t)task->process->space->handle;
}

int64_t copy_in(struct task *task, void *to, uint64_t from, size_t bytes) {
  handle_t process = process_of(task);
  if (bytes == 0)
    return 0;
  return process == 0 ? -EFAULT : space_copy(process, from, 0, (uint64_t)to, bytes);
}

int64_t copy_out(struct task *task, uint64_t to, const void *from, size_t bytes) {
  handle_t process = process_of(task);
  if (bytes == 0)
    return 0;
  return process == 0 ? -EFAULT : space_copy(0, (uint64_t)from, process, to, bytes);
}

int64_t clear_out(struct task *task, uint64_t to, size_t bytes) {
  static const char zeroes[PAGE];
  int64_t error = 0;
  for (size_t done = 0; done < bytes && error == 0; done += sizeof zeroes)
    error = copy_out(task, to + done, zeroes, bytes - done < sizeof zeroes ? bytes - done : sizeof zeroes);
  return error;
}

int64_t copy_string_in(struct task *task, char *to, uint64_t from, size_t size) {
  for (size_t done = 0; done < size;) {
    // Not across a page: what is behind the string need not be there.
    size_t bytes = PAGE - (from + done) % PAGE;
    if (bytes > CHUNK)
      bytes = CHUNK;
    if (bytes > size - done)
      bytes = size - done;
    if (copy_in(task, to + done, from + done, bytes) < 0)
      return -EFAULT;
    const char *end = memchr(to + done, 0, bytes);
    if (end != NULL)
      return end - to;
    done += bytes;
  }
  return -ENAMETOOLONG;
}

void transfer_single(struct transfer *transfer, struct task *task, uint64_t address, size_t bytes) {
  *transfer = (struct transfer){.task = task, .count = 1, .left = bytes};
  transfer->single = (struct iovec){(void *)address, bytes};
  transfer->pieces = NULL;
}

int64_t transfer_vector(struct transfer *transfer, struct task *task, uint64_t vector, uint64_t count) {
  *transfer = (struct transfer){.task = task, .count = (uint32_t)count};
  if (count > IOV_MAX)
    return -EINVAL;
  if (count == 0)
    return 0;
  transfer->pieces = malloc(count * sizeof *transfer->pieces);
  if (transfer->pieces == NULL)
    return -ENOMEM;
  int64_t error = copy_in(task, transfer->pieces, vector, count * sizeof *transfer->pieces);
  for (uint64_t i = 0; i < count && error == 0; i++) {
    transfer->left += transfer->pieces[i].iov_len;
    if (transfer->pieces[i].iov_len > SSIZE_MAX || transfer->left > SSIZE_MAX)
      error = -EINVAL;
  }
  if (error < 0)
    transfer_free(transfer);
  return error;
}

void transfer_free(struct transfer *transfer) {
  free(transfer->pieces);
  transfer->pieces = NULL;
}

// The next piece that has bytes left, and how many of at most `bytes`.
static uint64_t current(struct transfer *transfer, size_t *bytes) {
  struct iovec *pieces = transfer->pieces != NULL ? transfer->pieces : &transfer->single;
  while (transfer->offset == pieces[transfer->piece].iov_len) {
    transfer->piece++;
    transfer->offset = 0;
  }
  size_t here = pieces[transfer->piece].iov_len - transfer->offset;
  if (*bytes > here)
    *bytes = here;
  return (uint64_t)pieces[transfer->piece].iov_base + transfer->offset;
}

static void advance(struct transfer *transfer, size_t bytes) {
  transfer->offset += bytes;
  transfer->left -= bytes;
  transfer->done += bytes;
}

void transfer_skip(struct transfer *transfer, size_t bytes) {
  while (bytes > 0) {
    size_t here = bytes;
    current(transfer, &here);
    advance(transfer, here);
    bytes -= here;
  }
}

int64_t transfer_in(struct transfer *transfer, void *to, size_t bytes) {
  for (size_t done = 0; done < bytes;) {
    size_t here = bytes - done;
    uint64_t address = current(transfer, &here);
    if (copy_in(transfer->task, (char *)to + done, address, here) < 0)
      return -EFAULT;
    advance(transfer, here);
    done += here;
  }
  return 0;
}

int64_t transfer_out(struct transfer *transfer, const void *from, size_t bytes) {
  for (size_t done = 0; done < bytes;) {
    size_t here = bytes - done;
    uint64_t address = current(transfer, &here);
    if (copy_out(transfer->task, address, (const char *)from + done, here) < 0)
      return -EFAULT;
    advance(transfer, here);
    done += here;
  }
  return 0;
}
