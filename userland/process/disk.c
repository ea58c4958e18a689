#include "disk.h"
#include "files.h"
#include "process.h"
#include "signals.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

int64_t disk_check(const struct file *file) { return file->generation == files_generation() ? 0 : -EIO; }

static int64_t disk_read(struct task *task, struct file *file, struct transfer *transfer,
                         uint64_t *position) {
  (void)task;
  struct slot slot = files_slot();
  int64_t result = 0;
  while (transfer->left > 0 && (result = disk_check(file)) == 0) {
    size_t chunk = transfer->left < FILES_CHUNK ? transfer->left : FILES_CHUNK;
    result = files_request(FILES_READ, file->number, *position, slot.offset, chunk, NULL);
    if (result <= 0)
      break;
    int64_t bytes = result;
    result = transfer_out(transfer, slot.data, (size_t)bytes);
    if (result < 0)
      break;
    *position += (uint64_t)bytes;
    if ((size_t)bytes < chunk)
      break;
  }
  files_slot_free(slot);
  return transfer->done > 0 ? (int64_t)transfer->done : result;
}

static int64_t disk_write(struct task *task, struct file *file, struct transfer *transfer,
                          uint64_t *position) {
  uint64_t limit = task->process->limits[RLIMIT_FSIZE].rlim_cur;
  bool appends = (file->flags & O_APPEND) != 0;
  struct slot slot = files_slot();
  int64_t result = 0;
  while (transfer->left > 0 && (result = disk_check(file)) == 0) {
    size_t chunk = transfer->left < FILES_CHUNK ? transfer->left : FILES_CHUNK;
    uint64_t words[4];
    if (!appends && *position + chunk > limit) {
      if (*position >= limit) {
        task_raise(task, SIGXFSZ);
        result = -EFBIG;
        break;
      }
      chunk = limit - *position;
    }
    result = transfer_in(transfer, slot.data, chunk);
    if (result < 0)
      break;
    result = files_request(FILES_WRITE, file->number, appends ? FILES_APPEND : *position, slot.offset, chunk,
                           words);
    if (result < 0) {
      transfer->done -= chunk;
      break;
    }
    *position = words[1];
    if ((size_t)result < chunk) {
      transfer->done -= chunk - (size_t)result;
      break;
    }
  }
  files_slot_free(slot);
  return transfer->done > 0 ? (int64_t)transfer->done : result;
}

static int64_t disk_entries(struct task *task, struct file *file, uint64_t address, size_t bytes) {
  int64_t result = disk_check(file);
  if (result < 0)
    return result;
  struct slot slot = files_slot();
  size_t chunk = bytes < FILES_CHUNK ? bytes : FILES_CHUNK;
  result = files_request(FILES_ENTRIES, file->number, file->position, slot.offset, chunk, NULL);
  if (result > 0 && copy_out(task, address, slot.data, (size_t)result) < 0)
    result = -EFAULT;
  if (result > 0) {
    // The cookie behind the last record: d_off is 8 bytes in, d_reclen 16.
    uint64_t cookie = 0;
    uint16_t length;
    for (size_t at = 0; at + 18 <= (size_t)result; at += length) {
      memcpy(&cookie, slot.data + at + 8, sizeof cookie);
      memcpy(&length, slot.data + at + 16, sizeof length);
      if (length == 0)
        break;
    }
    file->position = cookie;
  }
  files_slot_free(slot);
  return result;
}

static int64_t disk_stat(struct file *file, struct stat *stat) {
  int64_t error = disk_check(file);
  return error < 0 ? error : files_stat_open(file->number, stat);
}

static int64_t disk_poll(struct file *file, struct task *task) {
  (void)file;
  (void)task;
  return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
}

static void disk_close(struct file *file) { files_close(file->generation, file->number); }

static const struct file_operations disk_operations = {
    .read = disk_read,
    .write = disk_write,
    .stat = disk_stat,
    .poll = disk_poll,
    .close = disk_close,
    .seeks = true,
};

static const struct file_operations directory_operations = {
    .entries = disk_entries,
    .stat = disk_stat,
    .poll = disk_poll,
    .close = disk_close,
    .seeks = true,
};

bool file_is_on_disk(const struct file *file) {
  return file->operations == &disk_operations || file->operations == &directory_operations;
}

int64_t disk_open(struct task *task, const char *path, uint32_t flags, mode_t mode, struct file **opened) {
  struct stat stat;
  int64_t number = files_open(path, flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK | O_NOCTTY), mode, &stat);
  if (number < 0)
    return number;
  uint64_t generation = files_generation();
  if (S_ISFIFO(stat.st_mode) || S_ISSOCK(stat.st_mode)) {
    files_close(generation, (uint64_t)number);
    return S_ISSOCK(stat.st_mode) ? -ENXIO : fifo_open(task, &stat, flags, path, opened);
  }
  bool directory = S_ISDIR(stat.st_mode);
  struct file *file = file_create(directory ? &directory_operations : &disk_operations, flags, path);
  if (file == NULL) {
    files_close(generation, (uint64_t)number);
    return -ENOMEM;
  }
  file->number = (uint64_t)number;
  file->generation = generation;
  file->is_directory = directory;
  *opened = file;
  return 0;
}
