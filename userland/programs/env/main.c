// Runs a program with a changed environment, or prints the environment.

#include "usage.h"
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

int main(int count, char **arguments) {
  int option;
  while ((option = getopt(count, arguments, "+iu:")) != -1) {
    if (option == 'i')
      clearenv();
    else if (option == 'u')
      unsetenv(optarg);
    else
      usage("env [-i] [-u NAME] [NAME=VALUE...] [PROGRAM [ARGUMENT...]]");
  }
  for (; optind < count && strchr(arguments[optind], '=') != NULL; optind++)
    putenv(arguments[optind]);
  if (optind < count) {
    execvp(arguments[optind], arguments + optind);
    err(errno == ENOENT ? 127 : 126, "%s", arguments[optind]);
  }
  for (char **variable = environ; variable != NULL && *variable != NULL; variable++)
    puts(*variable);
  finish(0);
}
