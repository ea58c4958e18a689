// Grows a tree of processes: each but the leaves starts two more and waits for them. The exit status is how
// often the system had no room for another one.

#include "quantity.h"
#include "usage.h"
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEEPEST 12

static int grow(int depth) {
  int refused = 0, result;
  for (int child = 0; depth > 0 && child < 2; child++) {
    pid_t pid = fork();
    if (pid == 0)
      _exit(grow(depth - 1));
    refused += pid < 0;
  }
  while (wait(&result) > 0)
    refused += WIFEXITED(result) ? WEXITSTATUS(result) : 1;
  return refused < 255 ? refused : 255; // all that a status can hold
}

int main(int count, char **arguments) {
  int64_t depth = count == 2 ? parse_quantity(arguments[1], 0, "a depth") : 4;
  if (count > 2 || depth > DEEPEST)
    usage("tree [DEPTH], at most 12");
  int refused = grow((int)depth);
  printf("tree: depth %d, %d processes refused\n", (int)depth, refused);
  finish(refused);
}
