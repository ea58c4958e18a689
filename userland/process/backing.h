#pragma once

#include <stdint.h>

struct backing;

// Connects with the default pager. Waits until there is one.
void backing_init(void);

// A memory object, or a copy of one, with one reference; NULL when there is no memory. Of a sparse one only
// `expected` pages are likely to be touched (0: all).
struct backing *backing_create(uint64_t pages, uint64_t expected);
struct backing *backing_duplicate(struct backing *backing);
void backing_retain(struct backing *backing);
void backing_release(struct backing *backing);

uint64_t backing_handle(const struct backing *backing);

// A place for its copy while a whole space is copied; NULL otherwise.
struct backing **backing_copy(struct backing *backing);

// In pages, as the pager counts: in memory, of swap, and of these in use.
void backing_statistics(uint64_t *resident, uint64_t *swap, uint64_t *used);
