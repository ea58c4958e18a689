// What is to happen at a time: waits that end, timers that go off. Kept in a pairing heap, so that ten
// thousand of them cost little.
#pragma once

#include "types.h"

struct deadline {
  uint64_t time; // in ticks
  void (*expired)(struct deadline *deadline);
  struct deadline *child, *sibling;
  struct deadline **place; // the pointer that points here; NULL: it is not set
};

// Sets a deadline that is not set.
void deadline_set(struct deadline *deadline, uint64_t time, void (*expired)(struct deadline *deadline));

// Takes back a deadline; one that is not set stays so.
void deadline_clear(struct deadline *deadline);

// The time of the first, or UINT64_MAX.
uint64_t deadline_first(void);

// Takes out the deadlines up to `now`, but no more than `most`, in order, and calls what each was set for.
void deadline_expire(uint64_t now, unsigned most);
