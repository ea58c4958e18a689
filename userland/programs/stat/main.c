// Tells all that is known of files.

#include "usage.h"
#include <err.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

static const char *kind_of(mode_t mode) {
  switch (mode & S_IFMT) {
  case S_IFREG:
    return "file";
  case S_IFDIR:
    return "folder";
  case S_IFLNK:
    return "symbolic link";
  case S_IFCHR:
    return "character device";
  case S_IFBLK:
    return "block device";
  case S_IFIFO:
    return "pipe";
  case S_IFSOCK:
    return "socket";
  default:
    return "unknown";
  }
}

static void print_time(const char *label, struct timespec time) {
  char text[32];
  strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", localtime(&time.tv_sec));
  printf("%s %s.%09ld\n", label, text, time.tv_nsec);
}

static void print(const char *path, const struct stat *file) {
  char target[PATH_MAX];
  ssize_t length = S_ISLNK(file->st_mode) ? readlink(path, target, sizeof target) : -1;
  printf("  File: %s", path);
  if (length >= 0)
    printf(" -> %.*s", (int)length, target);
  printf("\n  Type: %s", kind_of(file->st_mode));
  if (S_ISCHR(file->st_mode) || S_ISBLK(file->st_mode))
    printf(" %u, %u", major(file->st_rdev), minor(file->st_rdev));
  printf("\n  Size: %-12jd Blocks: %-8jd Block size: %jd\n", (intmax_t)file->st_size,
         (intmax_t)file->st_blocks, (intmax_t)file->st_blksize);
  printf("Device: %-12ju Inode: %-9ju Links: %ju\n", (uintmax_t)file->st_dev, (uintmax_t)file->st_ino,
         (uintmax_t)file->st_nlink);
  printf("  Mode: %04o         User: %-10u Group: %u\n", file->st_mode & 07777, file->st_uid, file->st_gid);
  print_time("Access:", file->st_atim);
  print_time("Modify:", file->st_mtim);
  print_time("Change:", file->st_ctim);
}

int main(int count, char **arguments) {
  int status = 0;
  if (count < 2)
    usage("stat FILE...");
  for (int i = 1; i < count; i++) {
    struct stat file;
    if (lstat(arguments[i], &file) == 0) {
      print(arguments[i], &file);
    } else {
      warn("%s", arguments[i]);
      status = 1;
    }
  }
  finish(status);
}
