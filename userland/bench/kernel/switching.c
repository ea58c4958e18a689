// Switching among threads that are all ready to run.

#include "measure.h"
#include "partner.h"
#include "suites.h"
#include <stdbool.h>

#define RUNNABLE 20
#define WARM_UP  10
#define ROUNDS   200

#define MOST_HARTS 8

static void yield_always(uint64_t unused) {
  (void)unused;
  partner_release();
  for (;;)
    kernel_yield();
}

// On the other harts somebody more urgent runs, and as many are ready as could ever be on this one: else the
// kernel would distribute those who take turns here. It never distributes those who are bound to a hart, but
// they are not for the fast path.
static handle_t occupants[MOST_HARTS];
static handle_t crowd[MOST_HARTS * (RUNNABLE + 1)];
static unsigned crowd_size;

static unsigned harts(void) {
  struct system_info system;
  require(kernel_inspect(HANDLE_MACHINE, INSPECT_SYSTEM, 0, &system, sizeof system), "the system");
  return (unsigned)system.harts;
}

static struct {
  _Alignas(16) uint64_t saved[8];
} frame[1];

static void run_always(void) {
  for (;;)
    __asm__ volatile("");
}

// A thread that needs no memory but what its function saves at its beginning: all of them the same.
static handle_t start_on(unsigned hart, bool suspended) {
  struct thread_start start = {
      .pc = (uint64_t)run_always,
      .sp = (uint64_t)(frame + 1),
      .priority = (uint32_t)UNCHANGED,
      .suspended = suspended,
      .affinity = 1ul << hart,
  };
  return (handle_t)require(kernel_create_thread(HANDLE_PROCESS, &start), "a thread");
}

void prepare_switching(void) {
  for (unsigned hart = 1; hart < harts(); hart++)
    occupants[hart] = start_on(hart, true);
}

static void occupy_other_harts(void) {
  for (unsigned hart = 1; hart < harts(); hart++) {
    require(kernel_resume(occupants[hart]), "a thread");
    for (unsigned i = 0; i <= RUNNABLE; i++)
      crowd[crowd_size++] = start_on(hart, false);
  }
}

static void free_other_harts(void) {
  while (crowd_size > 0) {
    kernel_end_thread(crowd[--crowd_size], 0);
    kernel_delete(crowd[crowd_size]);
  }
  for (unsigned hart = 1; hart < harts(); hart++) {
    kernel_end_thread(occupants[hart], 0);
    kernel_delete(occupants[hart]);
  }
}

// Each round gives everyone their turn once.
static void measure(const char *name, bool processes) {
  struct partner partners[RUNNABLE - 1];
  for (unsigned i = 0; i < RUNNABLE - 1; i++)
    partners[i] = partner_start(processes ? partner_process() : HANDLE_PROCESS, yield_always, 0);
  for (unsigned i = 0; i < WARM_UP; i++)
    kernel_yield();
  struct moment start = moment_now();
  for (unsigned i = 0; i < ROUNDS; i++)
    kernel_yield();
  measured(name, start, ROUNDS * RUNNABLE);
  for (unsigned i = 0; i < RUNNABLE - 1; i++)
    partner_end(partners[i]);
}

void measure_switching(void) {
  occupy_other_harts();
  partner_release();
  measure("switch thread", false);
  measure("switch process", true);
  partner_bind();
  free_other_harts();
}
