// Copies of this program compute with different numbers at the same time, and each checks that its
// floating-point registers are still its own. Started with a number it is one of the copies.

#include "print.h"
#include "program.h"
#include "string.h"
#include "system.h"

#define COPIES 4
#define ROUNDS 300

// Sums `start`, `start` + 1, ... in a register, giving the processor away between any two additions.
static double sum(double start, bool give_way) {
  double total = 0;
  for (int i = 0; i < ROUNDS; i++) {
    total += start + i;
    if (give_way && i % 8 == 0)
      yield();
  }
  return total;
}

static int run_copy(uint64_t number) {
  double start = (double)number * 0.1;
  double undisturbed = sum(start, false);
  for (int round = 0; round < 20; round++) {
    if (sum(start, true) != undisturbed) {
      print("floats: copy %lu has lost its registers\n", number);
      return 1;
    }
  }
  return 0;
}

static int run_copies(void) {
  static const char *const numbers[COPIES] = {"1", "2", "3", "4"};
  int failures = 0;
  for (int i = 0; i < COPIES; i++) {
    const char *const arguments[] = {"floats", numbers[i], NULL};
    if (spawn(arguments) < 0)
      failures++;
  }
  struct exit_report report;
  while (wait(ANY_CHILD, &report) > 0)
    failures += report.reason != EXIT_CALLED || report.code != 0;
  print("floats: %d copies, %d failed\n", COPIES, failures);
  return failures == 0 ? 0 : 1;
}

int main(int count, const char *const arguments[]) {
  uint64_t number;
  if (count == 1)
    return run_copies();
  if (count == 2 && parse_number(arguments[1], COPIES, &number))
    return run_copy(number);
  print("usage: floats\n");
  return 2;
}
