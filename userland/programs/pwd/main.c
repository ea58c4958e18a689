// Prints the current folder.

#include "usage.h"
#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
  char path[PATH_MAX];
  if (getcwd(path, sizeof path) == NULL)
    err(1, "current folder");
  puts(path);
  finish(0);
}
