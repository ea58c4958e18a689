// Open files and the table of descriptors.
#include "file.h"
#include "calls.h"
#include "process.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 16

struct file *file_create(const struct file_operations *operations, uint32_t flags, const char *path) {
  struct file *file = calloc(1, sizeof *file);
  if (file == NULL)
    return NULL;
  file->operations = operations;
  file->references = 1;
  file->flags = flags & ~(uint32_t)(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC);
  file->path = path != NULL ? strdup(path) : NULL;
  if (path != NULL && file->path == NULL) {
    free(file);
    return NULL;
  }
  return file;
}

void file_retain(struct file *file) { file->references++; }

void file_release(struct file *file) {
  if (--file->references > 0)
    return;
  if (file->operations->close != NULL)
    file->operations->close(file);
  free(file->path);
  free(file);
}

bool file_readable(const struct file *file) { return (file->flags & O_ACCMODE) != O_WRONLY; }
bool file_writable(const struct file *file) { return (file->flags & O_ACCMODE) != O_RDONLY; }
bool file_nonblocking(const struct file *file) { return (file->flags & O_NONBLOCK) != 0; }

struct stat stat_of(mode_t mode, uint64_t inode, uint64_t device) {
  struct timespec now = clock_realtime();
  return (struct stat){.st_dev = device,
                       .st_ino = inode,
                       .st_mode = mode,
                       .st_nlink = 1,
                       .st_blksize = 4096,
                       .st_atim = now,
                       .st_mtim = now,
                       .st_ctim = now};
}

struct descriptors *descriptors_create(void) {
  struct descriptors *descriptors = calloc(1, sizeof *descriptors);
  if (descriptors == NULL)
    return NULL;
  descriptors->references = 1;
  return descriptors;
}

static bool grow(struct descriptors *descriptors, uint32_t size) {
  if (size <= descriptors->size)
    return true;
  uint32_t wanted = descriptors->size * 2 > FIRST_SIZE ? descriptors->size * 2 : FIRST_SIZE;
  if (wanted < size)
    wanted = size;
  if (wanted > MAX_DESCRIPTORS)
    wanted = MAX_DESCRIPTORS;
  struct file **files = realloc(descriptors->files, wanted * sizeof(struct file *));
  if (files == NULL)
    return false;
  memset(files + descriptors->size, 0, (wanted - descriptors->size) * sizeof(struct file *));
  descriptors->files = files;
  descriptors->size = wanted;
  return true;
}

struct descriptors *descriptors_copy(const struct descriptors *from) {
  struct descriptors *copy = descriptors_create();
  if (copy == NULL)
    return NULL;
  if (!grow(copy, from->size)) {
    free(copy);
    return NULL;
  }
  for (uint32_t i = 0; i < from->size; i++) {
    copy->files[i] = from->files[i];
    if (copy->files[i] != NULL)
      file_retain(copy->files[i]);
  }
  memcpy(copy->close_on_exec, from->close_on_exec, sizeof copy->close_on_exec);
  return copy;
}

void descriptors_release(struct descriptors *descriptors) {
  if (--descriptors->references > 0)
    return;
  for (uint32_t i = 0; i < descriptors->size; i++)
    if (descriptors->files[i] != NULL)
      file_release(descriptors->files[i]);
  free(descriptors->files);
  free(descriptors);
}

static bool closes_on_exec(const struct descriptors *descriptors, uint64_t descriptor) {
  return (descriptors->close_on_exec[descriptor / 64] >> descriptor % 64 & 1) != 0;
}

static void set_close_on_exec(struct descriptors *descriptors, uint64_t descriptor, bool set) {
  uint64_t bit = 1ul << descriptor % 64;
  if (set)
    descriptors->close_on_exec[descriptor / 64] |= bit;
  else
    descriptors->close_on_exec[descriptor / 64] &= ~bit;
}

static void close_descriptor(struct descriptors *descriptors, uint64_t descriptor) {
  struct file *file = descriptors->files[descriptor];
  descriptors->files[descriptor] = NULL;
  set_close_on_exec(descriptors, descriptor, false);
  file_release(file);
}

void descriptors_exec(struct descriptors *descriptors) {
  for (uint32_t i = 0; i < descriptors->size; i++)
    if (descriptors->files[i] != NULL && closes_on_exec(descriptors, i))
      close_descriptor(descriptors, i);
}

struct file *descriptor_file(struct task *task, uint64_t descriptor) {
  const struct descriptors *descriptors = task->process->descriptors;
  descriptor &= 0xffffffff;
  return descriptors != NULL && descriptor < descriptors->size ? descriptors->files[descriptor] : NULL;
}

int64_t descriptor_put(struct task *task, uint64_t descriptor, struct file *file, bool close_on_exec) {
  struct descriptors *descriptors = task->process->descriptors;
  if (descriptor >= task->process->limits[RLIMIT_NOFILE].rlim_cur ||
      !grow(descriptors, (uint32_t)descriptor + 1)) {
    file_release(file);
    return descriptor >= task->process->limits[RLIMIT_NOFILE].rlim_cur ? -EMFILE : -ENOMEM;
  }
  if (descriptors->files[descriptor] != NULL)
    close_descriptor(descriptors, descriptor);
  descriptors->files[descriptor] = file;
  set_close_on_exec(descriptors, descriptor, close_on_exec);
  return (int64_t)descriptor;
}

int64_t descriptor_add(struct task *task, struct file *file, uint64_t lowest, bool close_on_exec) {
  const struct descriptors *descriptors = task->process->descriptors;
  uint64_t descriptor = lowest;
  while (descriptor < descriptors->size && descriptors->files[descriptor] != NULL)
    descriptor++;
  return descriptor_put(task, descriptor, file, close_on_exec);
}

// System calls.

HANDLER(sys_close) {
  if (descriptor_file(task, arguments[0]) == NULL)
    return -EBADF;
  close_descriptor(task->process->descriptors, arguments[0] & 0xffffffff);
  return 0;
}

#define CLOSE_ON_EXEC_ONLY 4u // CLOSE_RANGE_CLOEXEC

HANDLER(sys_close_range) {
  struct descriptors *descriptors = task->process->descriptors;
  if (arguments[0] > arguments[1])
    return -EINVAL;
  for (uint64_t i = arguments[0]; i <= arguments[1] && i < descriptors->size; i++) {
    if (descriptors->files[i] == NULL)
      continue;
    if ((arguments[2] & CLOSE_ON_EXEC_ONLY) != 0)
      set_close_on_exec(descriptors, i, true);
    else
      close_descriptor(descriptors, i);
  }
  return 0;
}

HANDLER(sys_dup) {
  struct file *file = descriptor_file(task, arguments[0]);
  if (file == NULL)
    return -EBADF;
  file_retain(file);
  return descriptor_add(task, file, 0, false);
}

HANDLER(sys_dup3) {
  struct file *file = descriptor_file(task, arguments[0]);
  if (file == NULL || (arguments[1] & 0xffffffff) >= MAX_DESCRIPTORS)
    return -EBADF;
  if (arguments[0] == arguments[1] || (arguments[2] & ~(uint64_t)O_CLOEXEC) != 0)
    return -EINVAL;
  file_retain(file);
  int64_t result = descriptor_put(task, arguments[1] & 0xffffffff, file, (arguments[2] & O_CLOEXEC) != 0);
  return result == -EMFILE ? -EBADF : result;
}

#define CHANGEABLE (uint32_t)(O_APPEND | O_NONBLOCK)

HANDLER(sys_fcntl) {
  struct file *file = descriptor_file(task, arguments[0]);
  struct descriptors *descriptors = task->process->descriptors;
  uint64_t descriptor = arguments[0] & 0xffffffff;
  if (file == NULL)
    return -EBADF;
  switch (arguments[1]) {
  case F_DUPFD:
  case F_DUPFD_CLOEXEC:
    if (arguments[2] >= task->process->limits[RLIMIT_NOFILE].rlim_cur)
      return -EINVAL;
    file_retain(file);
    return descriptor_add(task, file, arguments[2], arguments[1] == F_DUPFD_CLOEXEC);
  case F_GETFD:
    return closes_on_exec(descriptors, descriptor) ? FD_CLOEXEC : 0;
  case F_SETFD:
    set_close_on_exec(descriptors, descriptor, (arguments[2] & FD_CLOEXEC) != 0);
    return 0;
  case F_GETFL:
    return file->flags | O_LARGEFILE;
  case F_SETFL:
    file->flags = (file->flags & ~CHANGEABLE) | ((uint32_t)arguments[2] & CHANGEABLE);
    return 0;
  case F_GETLK: {
    struct flock lock;
    if (copy_in(task, &lock, arguments[2], sizeof lock) < 0)
      return -EFAULT;
    lock.l_type = F_UNLCK;
    return copy_out(task, arguments[2], &lock, sizeof lock);
  }
  case F_SETOWN:
    return 0;
  case F_GETOWN:
    return 0;
  case F_GETPIPE_SZ:
    return 65536;
  default:
    return -EINVAL;
  }
}

int64_t descriptors_add_pair(struct task *task, struct file *first, struct file *second, uint64_t address,
                             bool close_on_exec) {
  int64_t numbers[2];
  numbers[0] = descriptor_add(task, first, 0, close_on_exec);
  if (numbers[0] < 0) {
    file_release(second);
    return numbers[0];
  }
  numbers[1] = descriptor_add(task, second, 0, close_on_exec);
  int pair[2] = {(int)numbers[0], (int)numbers[1]};
  if (numbers[1] >= 0 && copy_out(task, address, pair, sizeof pair) == 0)
    return 0;
  close_descriptor(task->process->descriptors, (uint64_t)numbers[0]);
  if (numbers[1] < 0)
    return numbers[1];
  close_descriptor(task->process->descriptors, (uint64_t)numbers[1]);
  return -EFAULT;
}
