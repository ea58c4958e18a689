// Gives files further names.

#include "tree.h"
#include "usage.h"
#include <err.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int count, char **arguments) {
  bool is_symbolic = false, is_forced = false;
  int option, status = 0;
  while ((option = getopt(count, arguments, "fs")) != -1) {
    if (option == '?')
      usage("ln [-fs] TARGET... NAME");
    is_symbolic = is_symbolic || option == 's';
    is_forced = is_forced || option == 'f';
  }
  if (count - optind < 1)
    usage("ln [-fs] TARGET... NAME");
  const char *last = count - optind == 1 ? "." : arguments[count - 1];
  int targets = count - optind == 1 ? 1 : count - optind - 1;
  struct stat folder;
  if (targets > 1 && (stat(last, &folder) != 0 || !S_ISDIR(folder.st_mode)))
    errx(1, "%s is not a folder", last);
  for (int i = 0; i < targets; i++) {
    const char *target = arguments[optind + i];
    char *name = target_path(target, last);
    if (is_forced)
      unlink(name);
    if ((is_symbolic ? symlink : link)(target, name) != 0) {
      warn("%s", name);
      status = 1;
    }
    free(name);
  }
  return status;
}
