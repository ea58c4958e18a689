// Paths: made absolute and normalized here, then opened and looked at wherever they lead.
#include "disk.h"
#include "file.h"
#include "files.h"
#include "process.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

// Appends the components of `path` to the normalized path in `to`, which has `used` bytes.
static int64_t append(char *to, size_t used, const char *path) {
  while (*path != 0) {
    size_t bytes = strcspn(path, "/");
    if (bytes == 2 && path[0] == '.' && path[1] == '.') {
      while (used > 0 && to[--used] != '/')
        ;
    } else if (bytes > 0 && !(bytes == 1 && path[0] == '.')) {
      if (used + bytes + 2 > PATH_MAX || bytes > NAME_MAX)
        return -ENAMETOOLONG;
      to[used++] = '/';
      memcpy(to + used, path, bytes);
      used += bytes;
    }
    path += bytes;
    path += strspn(path, "/");
  }
  if (used == 0)
    to[used++] = '/';
  to[used] = 0;
  return 0;
}

int64_t path_absolute(struct task *task, uint64_t directory, const char *path, char *to) {
  const char *base = "";
  if (*path == 0)
    return -ENOENT;
  if (*path != '/') {
    base = task->process->directory;
    if ((int32_t)directory != AT_FDCWD) {
      const struct file *file = descriptor_file(task, directory);
      if (file == NULL)
        return -EBADF;
      if (!file->is_directory || file->path == NULL)
        return -ENOTDIR;
      base = file->path;
    }
  }
  size_t used = strcmp(base, "/") == 0 ? 0 : strlen(base);
  memcpy(to, base, used);
  return append(to, used, path);
}

int64_t path_in(struct task *task, uint64_t directory, uint64_t from, char *to) {
  char path[PATH_MAX];
  int64_t bytes = copy_string_in(task, path, from, sizeof path);
  return bytes < 0 ? bytes : path_absolute(task, directory, path, to);
}

int64_t file_open(struct task *task, const char *path, uint32_t flags, mode_t mode, struct file **file) {
  if (path_is_synthetic(path))
    return synthetic_open(task, path, flags, file);
  return disk_open(task, path, flags, mode, file);
}

int64_t path_stat(struct task *task, const char *path, bool follow, struct stat *stat) {
  if (path_is_synthetic(path))
    return synthetic_stat(task, path, follow, stat);
  return files_stat(path, follow, stat);
}

int64_t path_readlink(struct task *task, const char *path, char *to, size_t bytes) {
  if (path_is_synthetic(path))
    return synthetic_readlink(task, path, to, bytes);
  return files_readlink(path, to, bytes);
}
