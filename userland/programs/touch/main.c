// Makes files that are not there, and gives those that are the time of now.

#include "usage.h"
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int count, char **arguments) {
  bool makes = true;
  int option, status = 0;
  while ((option = getopt(count, arguments, "c")) != -1) {
    if (option == '?')
      usage("touch [-c] FILE...");
    makes = false;
  }
  if (optind == count)
    usage("touch [-c] FILE...");
  for (int i = optind; i < count; i++) {
    if (utimensat(AT_FDCWD, arguments[i], NULL, 0) == 0 || (errno == ENOENT && !makes))
      continue;
    int file = errno == ENOENT ? open(arguments[i], O_WRONLY | O_CREAT, 0666) : -1;
    if (file < 0 || close(file) != 0) {
      warn("%s", arguments[i]);
      status = 1;
    }
  }
  return status;
}
