// Gives files other names or places.

#include "tree.h"
#include "usage.h"
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool move(const char *from, const char *to) {
  if (rename(from, to) == 0)
    return true;
  if (errno != EXDEV) {
    warn("%s to %s", from, to);
    return false;
  }
  struct copying how = {.is_recursive = true, .keeps_times = true, .keeps_links = true, .is_forced = true};
  return copy_tree(from, to, how) && remove_tree(from);
}

int main(int count, char **arguments) {
  int option, status = 0;
  while ((option = getopt(count, arguments, "f")) != -1) {
    if (option == '?')
      usage("mv FILE... TARGET");
  }
  if (count - optind < 2)
    usage("mv FILE... TARGET");
  const char *to = arguments[count - 1];
  struct stat folder;
  if (count - optind > 2 && (stat(to, &folder) != 0 || !S_ISDIR(folder.st_mode)))
    errx(1, "%s is not a folder", to);
  for (int i = optind; i < count - 1; i++) {
    char *target = target_path(arguments[i], to);
    status |= !move(arguments[i], target);
    free(target);
  }
  return status;
}
