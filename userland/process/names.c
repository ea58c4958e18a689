// The system calls about names in the file system.
#include "calls.h"
#include "disk.h"
#include "file.h"
#include "files.h"
#include "process.h"
#include "user.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/stat.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <unistd.h>

// A path that something is to be done to at the file server: EROFS in /dev and /proc.
static int64_t changeable(struct task *task, uint64_t directory, uint64_t from, char *path) {
  int64_t error = path_in(task, directory, from, path);
  return error == 0 && path_is_synthetic(path) ? -EROFS : error;
}

HANDLER(sys_openat) {
  char path[PATH_MAX];
  struct file *file = task->call.held; // of an earlier try: a FIFO that waits for its partner
  uint32_t flags = (uint32_t)arguments[2];
  int64_t error = 0;
  if (file == NULL) {
    error = path_in(task, arguments[0], arguments[1], path);
    if (error == 0)
      error = file_open(task, path, flags, (mode_t)arguments[3] & 07777 & ~task->process->umask, &file);
  } else {
    error = fifo_await_partner(task, file);
    if (error == 0)
      task->call.held = NULL;
  }
  return error < 0 ? error : descriptor_add(task, file, 0, (flags & O_CLOEXEC) != 0);
}

HANDLER(sys_mkdirat) {
  char path[PATH_MAX];
  int64_t error = changeable(task, arguments[0], arguments[1], path);
  // The directories over which ours lie may be made, so that they are listed in "/".
  if (error == -EROFS && strchr(path + 1, '/') != NULL)
    return -EEXIST;
  if (error < 0 && error != -EROFS)
    return error;
  return files_path_request(FILES_MAKE_DIRECTORY, path, (arguments[2] & 07777) & ~task->process->umask, 0);
}

HANDLER(sys_mknodat) {
  char path[PATH_MAX];
  mode_t type = (mode_t)arguments[2] & S_IFMT;
  int64_t error = changeable(task, arguments[0], arguments[1], path);
  if (error < 0)
    return error;
  if (type == 0)
    type = S_IFREG;
  if (type != S_IFREG && type != S_IFIFO && type != S_IFSOCK)
    return -EPERM;
  return files_path_request(FILES_MAKE_NODE, path,
                            type | (((mode_t)arguments[2] & 07777) & ~task->process->umask), 0);
}

HANDLER(sys_unlinkat) {
  char path[PATH_MAX];
  int64_t error = changeable(task, arguments[0], arguments[1], path);
  if (error < 0)
    return error;
  if ((arguments[2] & ~(uint64_t)AT_REMOVEDIR) != 0)
    return -EINVAL;
  return files_path_request((arguments[2] & AT_REMOVEDIR) != 0 ? FILES_REMOVE_DIRECTORY : FILES_UNLINK, path,
                            0, 0);
}

HANDLER(sys_renameat2) {
  char from[PATH_MAX], to[PATH_MAX];
  int64_t error = changeable(task, arguments[0], arguments[1], from);
  if (error == 0)
    error = changeable(task, arguments[2], arguments[3], to);
  if (error < 0)
    return error;
  uint64_t flags = task->call.number == SYS_renameat2 ? arguments[4] : 0;
  if ((flags & ~1ul) != 0) // but RENAME_NOREPLACE
    return -EINVAL;
  return files_two_path_request(FILES_RENAME, from, to, flags);
}

HANDLER(sys_linkat) {
  char from[PATH_MAX], to[PATH_MAX];
  int64_t error = changeable(task, arguments[0], arguments[1], from);
  if (error == 0)
    error = changeable(task, arguments[2], arguments[3], to);
  if (error < 0)
    return error == -EROFS ? -EXDEV : error;
  return files_two_path_request(FILES_LINK, from, to,
                                (arguments[4] & AT_SYMLINK_FOLLOW) != 0 ? FILES_FOLLOW : 0);
}

HANDLER(sys_symlinkat) {
  char target[PATH_MAX], path[PATH_MAX];
  int64_t bytes = copy_string_in(task, target, arguments[0], sizeof target);
  int64_t error = bytes < 0    ? bytes
                  : bytes == 0 ? -ENOENT
                               : changeable(task, arguments[1], arguments[2], path);
  return error < 0 ? error : files_two_path_request(FILES_SYMLINK, target, path, 0);
}

HANDLER(sys_readlinkat) {
  char path[PATH_MAX], target[PATH_MAX];
  int64_t bytes = path_in(task, arguments[0], arguments[1], path);
  if ((int32_t)arguments[3] <= 0)
    return -EINVAL;
  if (bytes == 0)
    bytes = path_readlink(task, path, target, arguments[3] < sizeof target ? arguments[3] : sizeof target);
  if (bytes > 0 && copy_out(task, arguments[2], target, (size_t)bytes) < 0)
    return -EFAULT;
  return bytes;
}

// What a path, or with AT_EMPTY_PATH and none a descriptor, means. Exactly one of *file and path is set.
static int64_t target_in(struct task *task, uint64_t directory, uint64_t from, uint64_t flags, char *path,
                         struct file **file) {
  *file = NULL;
  char first = 0;
  if ((flags & AT_EMPTY_PATH) != 0 && (from == 0 || copy_in(task, &first, from, 1) == 0) && first == 0) {
    if ((int32_t)directory == AT_FDCWD) {
      strcpy(path, task->process->directory);
      return 0;
    }
    *file = descriptor_file(task, directory);
    return *file == NULL ? -EBADF : 0;
  }
  return path_in(task, directory, from, path);
}

static int64_t stat_target(struct task *task, uint64_t directory, uint64_t from, uint64_t flags,
                           struct stat *stat) {
  char path[PATH_MAX];
  struct file *file;
  int64_t error = target_in(task, directory, from, flags, path, &file);
  if (error < 0)
    return error;
  if (file == NULL)
    return path_stat(task, path, (flags & AT_SYMLINK_NOFOLLOW) == 0, stat);
  file_retain(file);
  error = file->operations->stat(file, stat);
  file_release(file);
  return error;
}

HANDLER(sys_newfstatat) {
  struct stat stat;
  int64_t error = stat_target(task, arguments[0], arguments[1], arguments[3], &stat);
  return error < 0 ? error : copy_out(task, arguments[2], &stat, sizeof stat);
}

HANDLER(sys_fstat) {
  struct stat stat;
  int64_t error = stat_target(task, arguments[0], 0, AT_EMPTY_PATH, &stat);
  return error < 0 ? error : copy_out(task, arguments[1], &stat, sizeof stat);
}

static struct statx_timestamp timestamp(struct timespec time) {
  return (struct statx_timestamp){.tv_sec = time.tv_sec, .tv_nsec = (uint32_t)time.tv_nsec};
}

HANDLER(sys_statx) {
  struct stat stat;
  int64_t error = stat_target(task, arguments[0], arguments[1], arguments[2], &stat);
  if (error < 0)
    return error;
  struct statx extended = {
      .stx_mask = STATX_BASIC_STATS,
      .stx_blksize = (uint32_t)stat.st_blksize,
      .stx_nlink = stat.st_nlink,
      .stx_uid = stat.st_uid,
      .stx_gid = stat.st_gid,
      .stx_mode = (uint16_t)stat.st_mode,
      .stx_ino = stat.st_ino,
      .stx_size = (uint64_t)stat.st_size,
      .stx_blocks = (uint64_t)stat.st_blocks,
      .stx_atime = timestamp(stat.st_atim),
      .stx_mtime = timestamp(stat.st_mtim),
      .stx_ctime = timestamp(stat.st_ctim),
      .stx_rdev_major = major(stat.st_rdev),
      .stx_rdev_minor = minor(stat.st_rdev),
      .stx_dev_major = major(stat.st_dev),
      .stx_dev_minor = minor(stat.st_dev),
  };
  return copy_out(task, arguments[4], &extended, sizeof extended);
}

// Everybody is root, who may do all but execute what nobody may.
static int64_t access_target(struct task *task, uint64_t directory, uint64_t from, uint64_t mode,
                             uint64_t flags) {
  struct stat stat;
  if ((mode & ~(uint64_t)(R_OK | W_OK | X_OK)) != 0)
    return -EINVAL;
  int64_t error = stat_target(task, directory, from, flags, &stat);
  if (error < 0)
    return error;
  return (mode & X_OK) != 0 && !S_ISDIR(stat.st_mode) && (stat.st_mode & 0111) == 0 ? -EACCES : 0;
}

HANDLER(sys_faccessat) { return access_target(task, arguments[0], arguments[1], arguments[2], 0); }
HANDLER(sys_faccessat2) {
  return access_target(task, arguments[0], arguments[1], arguments[2], arguments[3]);
}

// A request about a path or an open file, with FILES_FOLLOW unless AT_SYMLINK_NOFOLLOW.
static int64_t change(struct task *task, uint32_t label, uint64_t directory, uint64_t from, uint64_t flags,
                      uint64_t value) {
  char path[PATH_MAX];
  struct file *file;
  uint64_t follow = (flags & AT_SYMLINK_NOFOLLOW) == 0 ? FILES_FOLLOW : 0;
  int64_t error = target_in(task, directory, from, flags, path, &file);
  if (error < 0)
    return error;
  if (file == NULL)
    return path_is_synthetic(path) ? 0 : files_path_request(label, path, follow, value);
  if (!file_is_on_disk(file))
    return 0;
  error = disk_check(file);
  return error < 0 ? error : files_request(label, file->number, follow, value, 0, NULL);
}

HANDLER(sys_fchmodat) {
  return change(task, FILES_CHANGE_MODE, arguments[0], arguments[1], 0, arguments[2] & 07777);
}

HANDLER(sys_fchmod) {
  return change(task, FILES_CHANGE_MODE, arguments[0], 0, AT_EMPTY_PATH, arguments[1] & 07777);
}

static uint64_t owner(uint64_t user, uint64_t group) { return (user & 0xffffffff) | group << 32; }

HANDLER(sys_fchownat) {
  return change(task, FILES_CHANGE_OWNER, arguments[0], arguments[1], arguments[4],
                owner(arguments[2], arguments[3]));
}

HANDLER(sys_fchown) {
  return change(task, FILES_CHANGE_OWNER, arguments[0], 0, AT_EMPTY_PATH, owner(arguments[1], arguments[2]));
}

HANDLER(sys_utimensat) {
  char path[PATH_MAX];
  struct file *file;
  struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};
  uint64_t flags = arguments[1] == 0 ? arguments[3] | AT_EMPTY_PATH : arguments[3];
  if (arguments[2] != 0 && copy_in(task, times, arguments[2], sizeof times) < 0)
    return -EFAULT;
  for (int i = 0; i < 2; i++) {
    if (times[i].tv_nsec == UTIME_NOW)
      times[i] = clock_realtime();
    else if (times[i].tv_nsec != UTIME_OMIT && (times[i].tv_nsec < 0 || times[i].tv_nsec >= 1000000000))
      return -EINVAL;
  }
  int64_t error = target_in(task, arguments[0], arguments[1], flags, path, &file);
  if (error < 0)
    return error;
  if (file != NULL && !file_is_on_disk(file))
    return 0;
  if (file == NULL && path_is_synthetic(path))
    return 0;
  error = file != NULL ? disk_check(file) : 0;
  return error < 0 ? error
                   : files_set_times(file == NULL ? path : NULL, file != NULL ? file->number : 0,
                                     (flags & AT_SYMLINK_NOFOLLOW) == 0, times);
}

HANDLER(sys_truncate) {
  char path[PATH_MAX];
  int64_t error = changeable(task, (uint64_t)AT_FDCWD, arguments[0], path);
  if (error < 0)
    return error;
  if ((int64_t)arguments[1] < 0)
    return -EINVAL;
  return files_path_request(FILES_TRUNCATE, path, arguments[1], 0);
}

// The current directory.

static int64_t change_directory(struct task *task, const char *path) {
  char *copy = strdup(path);
  if (copy == NULL)
    return -ENOMEM;
  free(task->process->directory);
  task->process->directory = copy;
  return 0;
}

HANDLER(sys_chdir) {
  char path[PATH_MAX];
  struct stat stat;
  int64_t error = path_in(task, (uint64_t)AT_FDCWD, arguments[0], path);
  if (error == 0)
    error = path_stat(task, path, true, &stat);
  if (error < 0)
    return error;
  return S_ISDIR(stat.st_mode) ? change_directory(task, path) : -ENOTDIR;
}

HANDLER(sys_fchdir) {
  const struct file *file = descriptor_file(task, arguments[0]);
  if (file == NULL)
    return -EBADF;
  return file->is_directory && file->path != NULL ? change_directory(task, file->path) : -ENOTDIR;
}

HANDLER(sys_getcwd) {
  const char *directory = task->process->directory;
  size_t bytes = strlen(directory) + 1;
  if (bytes > arguments[1])
    return -ERANGE;
  int64_t error = copy_out(task, arguments[0], directory, bytes);
  return error < 0 ? error : (int64_t)bytes;
}

HANDLER(sys_umask) {
  mode_t old = task->process->umask;
  task->process->umask = (mode_t)arguments[0] & 0777;
  return old;
}

// File systems.

static void synthetic_statistics(struct statfs *statistics) {
  *statistics =
      (struct statfs){.f_type = 0x01021994, .f_bsize = 4096, .f_namelen = NAME_MAX, .f_frsize = 4096};
}

HANDLER(sys_statfs) {
  char path[PATH_MAX];
  struct statfs statistics;
  int64_t error = path_in(task, (uint64_t)AT_FDCWD, arguments[0], path);
  if (error < 0)
    return error;
  if (path_is_synthetic(path))
    synthetic_statistics(&statistics);
  else
    error = files_statistics(path, 0, &statistics);
  return error < 0 ? error : copy_out(task, arguments[1], &statistics, sizeof statistics);
}

HANDLER(sys_fstatfs) {
  struct file *file = descriptor_file(task, arguments[0]);
  struct statfs statistics;
  if (file == NULL)
    return -EBADF;
  int64_t error = 0;
  if (!file_is_on_disk(file))
    synthetic_statistics(&statistics);
  else if ((error = disk_check(file)) == 0)
    error = files_statistics(NULL, file->number, &statistics);
  return error < 0 ? error : copy_out(task, arguments[1], &statistics, sizeof statistics);
}

HANDLER(sys_mount) {
  char source[PATH_MAX], target[PATH_MAX], type[64] = "";
  int64_t error = path_in(task, (uint64_t)AT_FDCWD, arguments[0], source);
  if (error == 0)
    error = changeable(task, (uint64_t)AT_FDCWD, arguments[1], target);
  if (error == 0 && arguments[2] != 0)
    error = copy_string_in(task, type, arguments[2], sizeof type);
  if (error < 0)
    return error;
  struct slot slot = files_slot();
  size_t bytes = strlen(type);
  memcpy(slot.data, type, bytes);
  int64_t result = files_request(FILES_MOUNT, slot_path(slot, 0, source), slot_path(slot, 1, target),
                                 WINDOW_TEXT(slot.offset, bytes), arguments[3], NULL);
  files_slot_free(slot);
  return result;
}

HANDLER(sys_umount2) {
  char path[PATH_MAX];
  int64_t error = changeable(task, (uint64_t)AT_FDCWD, arguments[0], path);
  return error < 0 ? error : files_path_request(FILES_UNMOUNT, path, arguments[1], 0);
}
