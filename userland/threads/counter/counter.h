// What things cost, in the finest unit this system lets a program read.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Finds out which unit that is: "instructions" retired by the hart, or "ns". Retired instructions count on
// one hart only, so they say nothing about threads that may be on several, and the system may keep them to
// itself.
const char *counter_unit(void);

// The count so far. counter_unit comes first.
uint64_t counter_read(void);

// Whether this system lets a program read how many instructions its hart has retired, and keeps count of
// them.
bool instret_counts(void);

// How many; legal only if instret_counts.
uint64_t instret_read(void);
