// Copies of this program compute with different numbers at the same time, and each checks that its
// floating-point registers are still its own.

#include "usage.h"
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define COPIES 4
#define ROUNDS 300

// Sums `start`, `start` + 1, ... in a register, giving the processor away between any two additions.
static double sum(double start, bool gives_way) {
  double total = 0;
  for (int i = 0; i < ROUNDS; i++) {
    total += start + i;
    if (gives_way && i % 8 == 0)
      sched_yield();
  }
  return total;
}

static int run_copy(int number) {
  double start = number * 0.1;
  double undisturbed = sum(start, false);
  for (int round = 0; round < 20; round++) {
    if (sum(start, true) != undisturbed) {
      fprintf(stderr, "floats: copy %d has lost its registers\n", number);
      return 1;
    }
  }
  return 0;
}

int main(void) {
  int failures = 0, result;
  for (int number = 1; number <= COPIES; number++) {
    pid_t pid = fork();
    if (pid == 0)
      _exit(run_copy(number));
    failures += pid < 0;
  }
  while (wait(&result) > 0)
    failures += result != 0;
  printf("floats: %d copies, %d failed\n", COPIES, failures);
  finish(failures == 0 ? 0 : 1);
}
