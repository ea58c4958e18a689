// A battery of checks for pthreads: `pthreads` runs all, `pthreads NAME...` some.
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *name;
  bool (*check)(void);
} checks[] = {
    {"mutex", mutex_excludes},
    {"mutex-kinds", mutex_kinds},
    {"mutex-alone", mutex_alone_makes_no_system_call},
    {"condition", condition_bounded_buffer},
    {"condition-timeout", condition_times_out},
    {"barrier", barrier_holds_all},
    {"semaphore", semaphore_counts},
    {"rwlock", rwlock_shares_among_readers},
    {"join", join_returns_results},
    {"once", once_runs_once},
    {"values", values_are_per_thread},
    {"read", read_blocks_one_thread},
    {"many", many_threads_at_once},
    {"cancellation", cancellation_cleans_up},
};

enum { CHECKS = sizeof checks / sizeof checks[0] };

static unsigned failures;

static void run(unsigned i) {
  bool good = checks[i].check();
  printf("%s %s\n", good ? "ok" : "FAILED", checks[i].name);
  if (!good)
    failures++;
}

static bool run_named(const char *name) {
  for (unsigned i = 0; i < CHECKS; i++) {
    if (strcmp(checks[i].name, name) != 0)
      continue;
    run(i);
    return true;
  }
  fprintf(stderr, "pthreads: there is no check \"%s\"\n", name);
  return false;
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
  if (argc == 1)
    for (unsigned i = 0; i < CHECKS; i++)
      run(i);
  for (int i = 1; i < argc; i++)
    if (!run_named(argv[i]))
      return 2;
  if (failures == 0)
    puts("pthreads: all well");
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
