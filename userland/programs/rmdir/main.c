// Removes empty folders.

#include "usage.h"
#include <err.h>
#include <unistd.h>

int main(int count, char **arguments) {
  int status = 0;
  if (count < 2)
    usage("rmdir FOLDER...");
  for (int i = 1; i < count; i++) {
    if (rmdir(arguments[i]) != 0) {
      warn("%s", arguments[i]);
      status = 1;
    }
  }
  return status;
}
