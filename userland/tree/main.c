// Grows a tree of processes: each but the leaves starts two more and waits for them. The exit status is how
// often the kernel had no room for another one.

#include "print.h"
#include "program.h"
#include "string.h"
#include "system.h"

#define DEEPEST 8

static void start_child(uint64_t depth, int *refused) {
  char digit[] = {(char)('0' + depth), 0};
  const char *const arguments[] = {"tree", digit, "below", NULL};
  if (spawn(arguments) < 0)
    ++*refused;
}

static int grow(uint64_t depth) {
  int refused = 0;
  if (depth > 0) {
    start_child(depth - 1, &refused);
    start_child(depth - 1, &refused);
  }
  struct exit_report report;
  while (wait(ANY_CHILD, &report) > 0)
    refused += report.reason == EXIT_CALLED ? (int)report.code : 1;
  return refused;
}

int main(int count, const char *const arguments[]) {
  uint64_t depth = 4;
  if (count > 1 && !parse_number(arguments[1], DEEPEST, &depth)) {
    print("usage: tree [DEPTH], at most %d\n", DEEPEST);
    return 2;
  }
  int refused = grow(depth);
  if (count < 3)
    print("tree: depth %lu, %d processes refused\n", depth, refused);
  return refused;
}
