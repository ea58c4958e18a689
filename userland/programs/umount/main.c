// Unmounts file systems.

#include "usage.h"
#include <err.h>
#include <sys/mount.h>
#include <unistd.h>

int main(int count, char **arguments) {
  int flags = 0, option, status = 0;
  while ((option = getopt(count, arguments, "fl")) != -1) {
    if (option == '?')
      usage("umount [-fl] FOLDER...");
    flags |= option == 'f' ? MNT_FORCE : MNT_DETACH;
  }
  if (optind == count)
    usage("umount [-fl] FOLDER...");
  for (int i = optind; i < count; i++) {
    if (umount2(arguments[i], flags) != 0) {
      warn("%s", arguments[i]);
      status = 1;
    }
  }
  return status;
}
