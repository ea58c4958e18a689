// Reading, writing and moving about in open files.
#include "calls.h"
#include "disk.h"
#include "file.h"
#include "files.h"
#include "process.h"
#include "user.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MAX_TRANSFER 0x7ffff000ul // as Linux cuts off

// Moves bytes at `*position` and takes care of what all kinds of files have in common.
static int64_t move(struct task *task, struct file *file, struct transfer *transfer, uint64_t *position,
                    bool writes) {
  const struct file_operations *operations = file->operations;
  if (transfer->left > MAX_TRANSFER)
    transfer->left = MAX_TRANSFER;
  if (writes ? operations->write == NULL : operations->read == NULL)
    return file->is_directory ? -EISDIR : -EINVAL;
  if (transfer->left == 0)
    return 0;
  transfer_skip(transfer, task->call.done);
  file_retain(file);
  int64_t result = writes ? operations->write(task, file, transfer, position)
                          : operations->read(task, file, transfer, position);
  file_release(file);
  return result;
}

// The same at the file's own position, which one call at a time moves.
static int64_t move_on(struct task *task, struct file *file, struct transfer *transfer, bool writes) {
  if (!file->operations->seeks)
    return move(task, file, transfer, &file->position, writes);
  if (file->busy)
    return wait_on(task, &file->idle) ? CALL_BLOCKS : -ENOMEM;
  file_retain(file);
  file->busy = true;
  int64_t result = move(task, file, transfer, &file->position, writes);
  file->busy = false;
  wake_all(&file->idle);
  file_release(file);
  return result;
}

static int64_t open_for(struct task *task, uint64_t descriptor, bool writes, struct file **file) {
  *file = descriptor_file(task, descriptor);
  if (*file == NULL || !(writes ? file_writable(*file) : file_readable(*file)))
    return -EBADF;
  return 0;
}

static int64_t plain(struct task *task, const uint64_t *arguments, bool writes) {
  struct file *file;
  struct transfer transfer;
  int64_t error = open_for(task, arguments[0], writes, &file);
  if (error < 0)
    return error;
  transfer_single(&transfer, task, arguments[1], arguments[2]);
  return move_on(task, file, &transfer, writes);
}

static int64_t scattered(struct task *task, const uint64_t *arguments, bool writes) {
  struct file *file;
  struct transfer transfer;
  int64_t result = open_for(task, arguments[0], writes, &file);
  if (result == 0)
    result = transfer_vector(&transfer, task, arguments[1], arguments[2]);
  if (result < 0)
    return result;
  result = move_on(task, file, &transfer, writes);
  transfer_free(&transfer);
  return result;
}

static int64_t at_position(struct task *task, const uint64_t *arguments, bool writes, bool vector) {
  struct file *file;
  struct transfer transfer;
  uint64_t position = arguments[3];
  int64_t result = open_for(task, arguments[0], writes, &file);
  if (result < 0)
    return result;
  if (!file->operations->seeks)
    return -ESPIPE;
  if ((int64_t)position < 0)
    return -EINVAL;
  if (vector)
    result = transfer_vector(&transfer, task, arguments[1], arguments[2]);
  else
    transfer_single(&transfer, task, arguments[1], arguments[2]);
  if (result < 0)
    return result;
  result = move(task, file, &transfer, &position, writes);
  transfer_free(&transfer);
  return result;
}

HANDLER(sys_read) { return plain(task, arguments, false); }
HANDLER(sys_write) { return plain(task, arguments, true); }
HANDLER(sys_readv) { return scattered(task, arguments, false); }
HANDLER(sys_writev) { return scattered(task, arguments, true); }
HANDLER(sys_pread64) { return at_position(task, arguments, false, false); }
HANDLER(sys_pwrite64) { return at_position(task, arguments, true, false); }
HANDLER(sys_preadv) { return at_position(task, arguments, false, true); }
HANDLER(sys_pwritev) { return at_position(task, arguments, true, true); }

HANDLER(sys_lseek) {
  struct file *file = descriptor_file(task, arguments[0]);
  if (file == NULL)
    return -EBADF;
  if (!file->operations->seeks)
    return -ESPIPE;
  int64_t offset = (int64_t)arguments[1], base = 0;
  switch (arguments[2]) {
  case SEEK_SET:
    break;
  case SEEK_CUR:
    base = (int64_t)file->position;
    break;
  case SEEK_END:
  case SEEK_DATA:
  case SEEK_HOLE: {
    struct stat stat;
    file_retain(file);
    int64_t error = file->operations->stat(file, &stat);
    file_release(file);
    if (error < 0)
      return error;
    if (arguments[2] == SEEK_END) {
      base = stat.st_size;
      break;
    }
    // No file says where its holes are: all is data, and behind it is one.
    if (offset < 0 || offset >= stat.st_size)
      return -ENXIO;
    if (arguments[2] == SEEK_HOLE)
      offset = stat.st_size;
    break;
  }
  default:
    return -EINVAL;
  }
  int64_t position;
  if (__builtin_add_overflow(base, offset, &position))
    return -EOVERFLOW;
  if (position < 0)
    return -EINVAL;
  file->position = (uint64_t)position;
  return position;
}

HANDLER(sys_getdents64) {
  struct file *file = descriptor_file(task, arguments[0]);
  if (file == NULL)
    return -EBADF;
  if (file->operations->entries == NULL)
    return -ENOTDIR;
  file_retain(file);
  int64_t result = file->operations->entries(task, file, arguments[1], arguments[2] & 0xffffffff);
  file_release(file);
  return result;
}

HANDLER(sys_ftruncate) {
  struct file *file;
  int64_t error = open_for(task, arguments[0], true, &file);
  if (error < 0)
    return error == -EBADF && descriptor_file(task, arguments[0]) != NULL ? -EINVAL : error;
  if ((int64_t)arguments[1] < 0 || !file_is_on_disk(file))
    return -EINVAL;
  error = disk_check(file);
  return error < 0 ? error : files_request(FILES_TRUNCATE, file->number, arguments[1], 0, 0, NULL);
}

HANDLER(sys_fallocate) {
  struct file *file;
  int64_t error = open_for(task, arguments[0], true, &file);
  if (error < 0)
    return error;
  if (!file_is_on_disk(file) || arguments[1] != 0)
    return -EOPNOTSUPP;
  if ((int64_t)arguments[2] < 0 || (int64_t)arguments[3] <= 0)
    return -EINVAL;
  struct stat stat;
  error = file->operations->stat(file, &stat);
  uint64_t end = arguments[2] + arguments[3];
  if (error < 0 || (uint64_t)stat.st_size >= end)
    return error;
  return files_request(FILES_TRUNCATE, file->number, end, 0, 0, NULL);
}

HANDLER(sys_fsync) {
  struct file *file = descriptor_file(task, arguments[0]);
  if (file == NULL)
    return -EBADF;
  if (!file_is_on_disk(file))
    return -EINVAL;
  int64_t error = disk_check(file);
  return error < 0 ? error : files_request(FILES_SYNCHRONIZE, file->number, 0, 0, 0, NULL);
}

HANDLER(sys_sync) {
  (void)task;
  (void)arguments;
  files_request(FILES_SYNCHRONIZE, FILES_EVERYTHING, 0, 0, 0, NULL);
  return 0;
}

HANDLER(sys_syncfs) {
  if (descriptor_file(task, arguments[0]) == NULL)
    return -EBADF;
  return files_request(FILES_SYNCHRONIZE, FILES_EVERYTHING, 0, 0, 0, NULL);
}

HANDLER(sys_fadvise64) { return descriptor_file(task, arguments[0]) == NULL ? -EBADF : 0; }

HANDLER(sys_ioctl) {
  struct file *file = descriptor_file(task, arguments[0]);
  int flag;
  if (file == NULL)
    return -EBADF;
  if ((uint32_t)arguments[1] == FIONBIO) {
    if (copy_in(task, &flag, arguments[2], sizeof flag) < 0)
      return -EFAULT;
    file->flags = flag != 0 ? file->flags | O_NONBLOCK : file->flags & ~(uint32_t)O_NONBLOCK;
    return 0;
  }
  if (file->operations->control == NULL)
    return -ENOTTY;
  file_retain(file);
  int64_t result = file->operations->control(task, file, (uint32_t)arguments[1], arguments[2]);
  file_release(file);
  return result;
}
