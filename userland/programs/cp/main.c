// Copies files, and with -r folders with all that is in them.

#include "tree.h"
#include "usage.h"
#include <err.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int count, char **arguments) {
  static const char help[] = "cp [-afpr] FILE... TARGET";
  struct copying how = {0};
  int option, status = 0;
  while ((option = getopt(count, arguments, "afpRr")) != -1) {
    if (option == '?')
      usage(help);
    how.is_forced = how.is_forced || option == 'f';
    how.keeps_times = how.keeps_times || option == 'p' || option == 'a';
    if (option != 'f' && option != 'p')
      how.is_recursive = how.keeps_links = true;
  }
  if (count - optind < 2)
    usage(help);
  const char *to = arguments[count - 1];
  struct stat folder;
  if (count - optind > 2 && (stat(to, &folder) != 0 || !S_ISDIR(folder.st_mode)))
    errx(1, "%s is not a folder", to);
  for (int i = optind; i < count - 1; i++) {
    char *target = target_path(arguments[i], to);
    status |= !copy_tree(arguments[i], target, how);
    free(target);
  }
  return status;
}
