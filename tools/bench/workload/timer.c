// Interrupts: a timer that fires as soon as it is armed.

#include "runtime.h"

enum { INTERRUPTS = 1000 };

void enable_timer_interrupts(void);
uint64_t take_interrupts(uint64_t count);

static uint64_t run(void) { return take_interrupts(INTERRUPTS); }

const struct workload workload = {
    .name = "timer", .checksum = INTERRUPTS, .prepare = enable_timer_interrupts, .run = run};
