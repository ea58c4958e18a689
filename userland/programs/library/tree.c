#include "tree.h"
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *join(const char *folder, const char *name) {
  char *path;
  bool has_slash = *folder != 0 && folder[strlen(folder) - 1] == '/';
  if (asprintf(&path, "%s%s%s", folder, has_slash ? "" : "/", name) < 0)
    err(1, "out of memory");
  return path;
}

char *target_path(const char *from, const char *to) {
  struct stat status;
  if (stat(to, &status) != 0 || !S_ISDIR(status.st_mode)) {
    char *copy = strdup(to);
    if (copy == NULL)
      err(1, "out of memory");
    return copy;
  }
  size_t end = strlen(from);
  while (end > 1 && from[end - 1] == '/')
    end--;
  size_t start = end;
  while (start > 0 && from[start - 1] != '/')
    start--;
  char *name = strndup(from + start, end - start);
  if (name == NULL)
    err(1, "out of memory");
  char *path = join(to, name);
  free(name);
  return path;
}

// Calls `use` with the path of everything in a folder but itself and its parent.
static bool for_each_entry(const char *path, bool (*use)(const char *path, const char *name, void *data),
                           void *data) {
  DIR *folder = opendir(path);
  if (folder == NULL) {
    warn("%s", path);
    return false;
  }
  bool is_done = true;
  struct dirent *entry;
  while ((entry = readdir(folder)) != NULL) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
      continue;
    char *inner = join(path, entry->d_name);
    is_done = use(inner, entry->d_name, data) && is_done;
    free(inner);
  }
  closedir(folder);
  return is_done;
}

static bool copy_contents(int from, int to) {
  static char buffer[32768];
  ssize_t got;
  while ((got = read(from, buffer, sizeof buffer)) > 0) {
    for (ssize_t done = 0; done < got;) {
      ssize_t written = write(to, buffer + done, (size_t)(got - done));
      if (written < 0)
        return false;
      done += written;
    }
  }
  return got == 0;
}

static bool copy_file(const char *from, const char *to, const struct stat *status, bool is_forced) {
  struct stat target;
  if (stat(to, &target) == 0 && target.st_dev == status->st_dev && target.st_ino == status->st_ino) {
    warnx("%s and %s are the same file", from, to);
    return false;
  }
  int source = open(from, O_RDONLY | O_CLOEXEC);
  if (source < 0) {
    warn("%s", from);
    return false;
  }
  int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
  int copy = open(to, flags, status->st_mode & 0777);
  if (copy < 0 && is_forced && unlink(to) == 0)
    copy = open(to, flags, status->st_mode & 0777);
  bool is_done = copy >= 0 && copy_contents(source, copy);
  if (copy >= 0 && close(copy) != 0)
    is_done = false;
  if (!is_done)
    warn("%s", to);
  close(source);
  return is_done;
}

static bool copy_link(const char *from, const char *to) {
  char target[PATH_MAX];
  ssize_t length = readlink(from, target, sizeof target - 1);
  if (length >= 0) {
    target[length] = 0;
    unlink(to);
    if (symlink(target, to) == 0)
      return true;
  }
  warn("%s", to);
  return false;
}

struct folder_copy {
  const char *to;
  struct copying how;
};

static bool copy_entry(const char *path, const char *name, void *data) {
  struct folder_copy *copy = data;
  char *to = join(copy->to, name);
  bool is_done = copy_tree(path, to, copy->how);
  free(to);
  return is_done;
}

// Whether `to` is `folder`, or would be inside it: copying would never end.
static bool lies_inside(const char *to, const struct stat *folder) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s", to);
  for (;;) {
    struct stat status;
    if (stat(path, &status) == 0 && status.st_dev == folder->st_dev && status.st_ino == folder->st_ino)
      return true;
    char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path)
      return false;
    *slash = 0;
  }
}

static bool copy_folder(const char *from, const char *to, const struct stat *status, struct copying how) {
  if (!how.is_recursive) {
    warnx("%s is a folder; -r copies folders", from);
    return false;
  }
  if (lies_inside(to, status)) {
    warnx("cannot copy %s into itself", from);
    return false;
  }
  if (mkdir(to, 0700) != 0 && errno != EEXIST) {
    warn("%s", to);
    return false;
  }
  struct folder_copy copy = {to, how};
  bool is_done = for_each_entry(from, copy_entry, &copy);
  chmod(to, status->st_mode & 0777); // last: the folder may be one that cannot be written to
  return is_done;
}

bool copy_tree(const char *from, const char *to, struct copying how) {
  struct stat status;
  if ((how.keeps_links ? lstat : stat)(from, &status) != 0) {
    warn("%s", from);
    return false;
  }
  if (S_ISLNK(status.st_mode))
    return copy_link(from, to);
  bool is_done = S_ISDIR(status.st_mode) ? copy_folder(from, to, &status, how)
                                         : copy_file(from, to, &status, how.is_forced);
  if (is_done && how.keeps_times) {
    struct timespec times[] = {status.st_atim, status.st_mtim};
    utimensat(AT_FDCWD, to, times, 0);
  }
  return is_done;
}

static bool remove_entry(const char *path, const char *name, void *data) {
  (void)name, (void)data;
  return remove_tree(path);
}

bool remove_tree(const char *path) {
  struct stat status;
  bool is_folder = lstat(path, &status) == 0 && S_ISDIR(status.st_mode);
  if (is_folder && !for_each_entry(path, remove_entry, NULL))
    return false;
  if ((is_folder ? rmdir : unlink)(path) == 0)
    return true;
  warn("%s", path);
  return false;
}
