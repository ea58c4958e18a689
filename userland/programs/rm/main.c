// Removes files, and with -r folders with all that is in them.

#include "tree.h"
#include "usage.h"
#include <err.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_recursive, is_forced;

// Removing these is never what was meant.
static bool is_protected(const char *path) {
  size_t length = strlen(path);
  while (length > 1 && path[length - 1] == '/')
    length--;
  const char *name = path + length;
  while (name > path && name[-1] != '/')
    name--;
  size_t rest = (size_t)(path + length - name);
  return (length == 1 && *path == '/') || (rest == 1 && *name == '.') ||
         (rest == 2 && strncmp(name, "..", 2) == 0);
}

static bool remove_one(const char *path) {
  struct stat status;
  if (is_protected(path)) {
    warnx("%s is not removed", path);
    return false;
  }
  if (lstat(path, &status) != 0) {
    if (is_forced && errno == ENOENT)
      return true;
    warn("%s", path);
    return false;
  }
  if (S_ISDIR(status.st_mode) && !is_recursive) {
    warnx("%s is a folder; -r removes folders", path);
    return false;
  }
  return remove_tree(path);
}

int main(int count, char **arguments) {
  int option, status = 0;
  while ((option = getopt(count, arguments, "fRr")) != -1) {
    if (option == '?')
      usage("rm [-fr] FILE...");
    if (option == 'f')
      is_forced = true;
    else
      is_recursive = true;
  }
  if (optind == count && !is_forced)
    usage("rm [-fr] FILE...");
  for (int i = optind; i < count; i++)
    status |= !remove_one(arguments[i]);
  return status;
}
