// Time: what the clocks show, and deadlines. Ticks are those of the `time` CSR.
#pragma once

#include "lib/clock.h"
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define NEVER (~0ul)

struct deadline {
  uint64_t when;                         // in ticks
  uint32_t position;                     // in the heap, from 1; 0: not set
  void (*expire)(struct deadline *self); // called with the lock, when it is no longer set
};

// Asks the kernel for the frequency; `realtime` is the real time in nanoseconds at tick 0.
void clock_init(uint64_t realtime);

uint64_t clock_realtime_base(void); // that, or as clock_settime has left it

uint64_t ticks_to_nanoseconds(uint64_t ticks);
// Rounded up; NEVER if it is too far away.
uint64_t nanoseconds_to_ticks(uint64_t nanoseconds);

void clock_set_realtime(uint64_t nanoseconds);
struct timespec clock_realtime(void);
struct timespec nanoseconds_to_timespec(uint64_t nanoseconds);

// Whether it is one, and if so its nanoseconds (the highest number if there are too many).
bool timespec_valid(const struct timespec *time);
uint64_t timespec_nanoseconds(const struct timespec *time);

// The deadline that a time means: on CLOCK_REALTIME, CLOCK_MONOTONIC, or from now.
#define CLOCK_RELATIVE (-1)
uint64_t clock_deadline(const struct timespec *time, int clock);

// Sets a deadline, or changes it; clears it. False: no memory.
bool deadline_set(struct deadline *deadline, uint64_t when);
void deadline_clear(struct deadline *deadline);

// When the next one is, or NEVER.
uint64_t deadlines_next(void);

// Calls those that have passed and returns when the next one is, or NEVER.
uint64_t deadlines_expire(void);
