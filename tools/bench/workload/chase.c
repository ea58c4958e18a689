// Loads that each need the one before: a walk along all cache lines of some memory in random order. The
// command line says how many KiB that is, CHASE_KIB, and the workload's NAME.

#include "workload.h"

enum { LINE_BYTES = 64, LINES = CHASE_KIB * 1024 / LINE_BYTES };

struct line {
  struct line *next;
  uint64_t number;
} __attribute__((aligned(LINE_BYTES)));

static struct line lines[LINES];

// Successors are those of a linear congruential generator, whose period is all of LINES, a power of two: Hull
// and Dobell ask for an odd increment and a multiplier of 1 modulo 4.
static void prepare(void) {
  for (uint64_t i = 0; i < LINES; i++) {
    uint64_t successor = i * 0x5851f42d4c957f2d + 0x14057b7ef767814f;
    lines[i] = (struct line){.next = &lines[successor % LINES], .number = i};
  }
}

static uint64_t run(void) {
  uint64_t sum = 0, steps = 0;
  const struct line *line = lines;
  do {
    sum += line->number;
    steps++;
    line = line->next;
  } while (line != lines);
  return steps == LINES ? sum : 0;
}

const struct workload workload = {
    .name = NAME, .checksum = (uint64_t)LINES * (LINES - 1) / 2, .prepare = prepare, .run = run};
