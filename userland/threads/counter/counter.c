#include "counter.h"

#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

static bool counts_instructions;
static sigjmp_buf after_trap;

uint64_t instret_read(void) {
  uint64_t count;
  __asm__ volatile("rdinstret %0" : "=r"(count));
  return count;
}

static void on_trap(int signal) {
  (void)signal;
  siglongjmp(after_trap, 1);
}

bool instret_counts(void) {
  struct sigaction before, handler = {.sa_handler = on_trap};
  sigaction(SIGILL, &handler, &before);
  // scounteren decides whether rdinstret is legal in user mode, mcountinhibit whether instret moves
  // (privileged specification 1.12, 4.1.5 and 3.1.12).
  volatile bool counts = false;
  if (sigsetjmp(after_trap, 1) == 0)
    counts = instret_read() != instret_read();
  sigaction(SIGILL, &before, NULL);
  return counts;
}

const char *counter_unit(void) {
  counts_instructions = sysconf(_SC_NPROCESSORS_ONLN) == 1 && instret_counts();
  return counts_instructions ? "instructions" : "ns";
}

uint64_t counter_read(void) {
  if (counts_instructions)
    return instret_read();
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}
