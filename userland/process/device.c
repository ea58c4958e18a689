// /dev.
#include "process.h"
#include "synthetic.h"
#include "text.h"
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

int64_t link_text(const char *text, char *to, size_t bytes) {
  size_t length = strlen(text);
  if (length > bytes)
    length = bytes;
  memcpy(to, text, length);
  return (int64_t)length;
}

// Reads as nothing, takes everything.
static int64_t read_nothing(struct task *task, struct file *file, struct transfer *transfer,
                            uint64_t *position) {
  (void)task;
  (void)file;
  (void)transfer;
  (void)position;
  return 0;
}

static int64_t write_away(struct task *task, struct file *file, struct transfer *transfer,
                          uint64_t *position) {
  (void)task;
  (void)file;
  (void)position;
  return (int64_t)(transfer->done + transfer->left);
}

static int64_t write_to_full(struct task *task, struct file *file, struct transfer *transfer,
                             uint64_t *position) {
  (void)task;
  (void)file;
  (void)transfer;
  (void)position;
  return -ENOSPC;
}

static int64_t read_zeroes(struct task *task, struct file *file, struct transfer *transfer,
                           uint64_t *position) {
  static const uint8_t zeroes[4096];
  (void)task;
  (void)file;
  (void)position;
  while (transfer->left > 0) {
    size_t chunk = transfer->left < sizeof zeroes ? transfer->left : sizeof zeroes;
    if (transfer_out(transfer, zeroes, chunk) < 0)
      return transfer->done > 0 ? (int64_t)transfer->done : -EFAULT;
  }
  return (int64_t)transfer->done;
}

#define MAX_RANDOM (1ul << 20) // in one read

static int64_t read_random(struct task *task, struct file *file, struct transfer *transfer,
                           uint64_t *position) {
  uint8_t bytes[512];
  (void)task;
  (void)file;
  (void)position;
  while (transfer->left > 0 && transfer->done < MAX_RANDOM) {
    size_t chunk = transfer->left < sizeof bytes ? transfer->left : sizeof bytes;
    random_fill(bytes, chunk);
    if (transfer_out(transfer, bytes, chunk) < 0)
      return transfer->done > 0 ? (int64_t)transfer->done : -EFAULT;
  }
  return (int64_t)transfer->done;
}

struct device {
  const char *name;
  uint32_t major, minor;
  const char *link; // of a symbolic link, instead
  struct file_operations operations;
};

static int64_t device_stat(struct file *file, struct stat *stat);

#define MEMORY_DEVICE(device_read, device_write)                                                             \
  { .read = device_read, .write = device_write, .stat = device_stat }

static const struct device devices[] = {
    {"null", 1, 3, NULL, MEMORY_DEVICE(read_nothing, write_away)},
    {"zero", 1, 5, NULL, MEMORY_DEVICE(read_zeroes, write_away)},
    {"full", 1, 7, NULL, MEMORY_DEVICE(read_zeroes, write_to_full)},
    {"random", 1, 8, NULL, MEMORY_DEVICE(read_random, write_away)},
    {"urandom", 1, 9, NULL, MEMORY_DEVICE(read_random, write_away)},
    {"tty", 5, 0, NULL, {0}},
    {"console", 5, 1, NULL, {0}},
    {"ttyS0", 4, 64, NULL, {0}},
    {"fd", 0, 0, "/proc/self/fd", {0}},
    {"stdin", 0, 0, "/proc/self/fd/0", {0}},
    {"stdout", 0, 0, "/proc/self/fd/1", {0}},
    {"stderr", 0, 0, "/proc/self/fd/2", {0}},
};
#define DEVICES (sizeof devices / sizeof devices[0])

static int64_t device_stat(struct file *file, struct stat *stat) {
  const struct device *device = file->object;
  *stat = stat_of(S_IFCHR | 0666, (uint64_t)(device - devices) + 2, 14);
  stat->st_rdev = makedev(device->major, device->minor);
  return 0;
}

static int64_t open_device(struct task *task, const struct node *node, uint32_t flags, struct file **file) {
  const struct device *device = node->entry;
  if (device->operations.read == NULL)
    return terminal_open(task, flags, node->path, file);
  *file = file_create(&device->operations, flags, node->path);
  if (*file == NULL)
    return -ENOMEM;
  (*file)->object = (void *)device;
  return 0;
}

static int64_t open_directory(struct task *task, const struct node *node, uint32_t flags,
                              struct file **file) {
  struct listing listing = {0};
  (void)task;
  (void)flags;
  listing_add(&listing, ".", DT_DIR);
  listing_add(&listing, "..", DT_DIR);
  for (unsigned i = 0; i < DEVICES; i++)
    listing_add(&listing, devices[i].name, devices[i].link != NULL ? DT_LNK : DT_CHR);
  return listing_open(&listing, node->path, file);
}

static int64_t read_link(struct task *task, const struct node *node, char *to, size_t bytes) {
  const struct device *device = node->entry;
  (void)task;
  return link_text(device->link, to, bytes);
}

int64_t device_find(struct task *task, const char *rest, struct node *node) {
  if (*rest == 0) {
    node->mode = S_IFDIR | 0755;
    node->inode = 1;
    node->open = open_directory;
    return 0;
  }
  rest++;
  if (strncmp(rest, "fd/", 3) == 0) {
    char path[64] = "/self/fd/";
    strncat(path, rest + 3, 16);
    return proc_find(task, path, node);
  }
  for (unsigned i = 0; i < DEVICES; i++) {
    const struct device *device = &devices[i];
    if (strcmp(device->name, rest) != 0)
      continue;
    node->entry = device;
    node->inode = i + 2;
    node->device = makedev(device->major, device->minor);
    node->mode = device->link != NULL ? S_IFLNK | 0777 : S_IFCHR | 0666;
    if (device->link != NULL)
      node->read_link = read_link;
    else
      node->open = open_device;
    return 0;
  }
  return -ENOENT;
}
