// /dev and /proc: what a path in them leads to.
#include "synthetic.h"
#include "file.h"
#include "process.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

bool path_is_synthetic(const char *path) {
  return (strncmp(path, "/dev", 4) == 0 && (path[4] == 0 || path[4] == '/')) ||
         (strncmp(path, "/proc", 5) == 0 && (path[5] == 0 || path[5] == '/'));
}

static int64_t find(struct task *task, const char *path, struct node *node) {
  *node = (struct node){.path = path};
  return path[1] == 'd' ? device_find(task, path + 4, node) : proc_find(task, path + 5, node);
}

// Follows links, by which a path may lead out of here: then `node` has no operations and `to` is the path.
static int64_t follow(struct task *task, const char *path, struct node *node, char *to) {
  strcpy(to, path);
  for (int depth = 0; depth < 8; depth++) {
    if (!path_is_synthetic(to)) {
      *node = (struct node){.path = to};
      return 0;
    }
    int64_t error = find(task, to, node);
    if (error < 0 || node->read_link == NULL || node->linked != NULL)
      return error;
    char target[PATH_MAX];
    int64_t bytes = node->read_link(task, node, target, sizeof target - 1);
    if (bytes < 0)
      return bytes;
    target[bytes] = 0;
    error = path_absolute(task, (uint64_t)AT_FDCWD, target, to);
    if (error < 0)
      return error;
  }
  return -ELOOP;
}

int64_t synthetic_open(struct task *task, const char *path, uint32_t flags, struct file **file) {
  struct node node;
  char target[PATH_MAX];
  int64_t error = follow(task, path, &node, target);
  if (error < 0)
    return error == -ENOENT && (flags & O_CREAT) != 0 ? -EROFS : error;
  if (!path_is_synthetic(target))
    return file_open(task, target, flags, 0666, file);
  if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
    return -EEXIST;
  if (node.linked != NULL) { // an open file of the caller's, by another name
    file_retain(node.linked);
    *file = node.linked;
    return 0;
  }
  bool directory = S_ISDIR(node.mode);
  if ((flags & O_DIRECTORY) != 0 && !directory)
    return -ENOTDIR;
  if ((flags & O_ACCMODE) != O_RDONLY && directory)
    return -EISDIR;
  return node.open(task, &node, flags, file);
}

int64_t synthetic_stat(struct task *task, const char *path, bool follows, struct stat *stat) {
  struct node node;
  char target[PATH_MAX];
  int64_t error = follows ? follow(task, path, &node, target) : find(task, path, &node);
  if (error < 0)
    return error;
  if (follows && !path_is_synthetic(target))
    return path_stat(task, target, true, stat);
  if (follows && node.linked != NULL)
    return node.linked->operations->stat(node.linked, stat);
  *stat = stat_of(node.mode, node.inode, 14);
  stat->st_rdev = node.device;
  return 0;
}

int64_t synthetic_readlink(struct task *task, const char *path, char *to, size_t bytes) {
  struct node node;
  int64_t error = find(task, path, &node);
  if (error < 0)
    return error;
  return node.read_link != NULL ? node.read_link(task, &node, to, bytes) : -EINVAL;
}
