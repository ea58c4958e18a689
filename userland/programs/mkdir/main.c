// Makes folders.

#include "usage.h"
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_folder(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

// Makes a folder and those it lies in, as far as they are not there.
static bool make_with_parents(char *path) {
  for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
    *slash = 0;
    bool is_there = mkdir(path, 0777) == 0 || is_folder(path);
    *slash = '/';
    if (!is_there)
      return false;
  }
  return mkdir(path, 0777) == 0 || (errno == EEXIST && is_folder(path));
}

int main(int count, char **arguments) {
  bool makes_parents = false;
  int option, status = 0;
  while ((option = getopt(count, arguments, "p")) != -1) {
    if (option == '?')
      usage("mkdir [-p] FOLDER...");
    makes_parents = true;
  }
  if (optind == count)
    usage("mkdir [-p] FOLDER...");
  for (int i = optind; i < count; i++) {
    if (makes_parents ? !make_with_parents(arguments[i]) : mkdir(arguments[i], 0777) != 0) {
      warn("%s", arguments[i]);
      status = 1;
    }
  }
  return status;
}
