// Pages on their way into objects and out of them.
#pragma once

#include "object.h"

// Readies what is needed when nothing else is left. False if memory is out already.
bool page_open(void);

// Gives the object a page that it lacks: a zero page, or what was evicted. Returns 0 or an error; -ENOMEM if
// nothing can be evicted for it.
int64_t page_supply(struct object *object, uint64_t page);

// Evicts pages that have not been used for long, and writes them to the swap area. Returns how many.
unsigned page_evict_some(void);
