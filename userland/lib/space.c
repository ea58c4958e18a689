#include "lib/space.h"
#include "lib/kernel.h"
#include "lib/mutex.h"
#include <string.h>

// Programs are linked low, and their main stack is above.
#define SPACE_START 0x1000000000ul
#define SPACE_END   0x3000000000ul

#define RANGES 512

struct range {
  uint64_t start, end;
};

// What is free, by address. A range that finds no room in a full table is never used again.
static struct range free_ranges[RANGES] = {{SPACE_START, SPACE_END}};
static unsigned range_count = 1;
static struct mutex mutex;

static void remove_range(unsigned index) {
  range_count--;
  memmove(&free_ranges[index], &free_ranges[index + 1], (range_count - index) * sizeof(struct range));
}

static void insert_range(unsigned index, struct range range) {
  if (range_count == RANGES)
    return;
  memmove(&free_ranges[index + 1], &free_ranges[index], (range_count - index) * sizeof(struct range));
  free_ranges[index] = range;
  range_count++;
}

// Gives out the first room of that many bytes, or 0.
static uint64_t take(uint64_t bytes) {
  for (unsigned i = 0; i < range_count; i++) {
    struct range *range = &free_ranges[i];
    if (range->end - range->start < bytes)
      continue;
    uint64_t start = range->start;
    range->start += bytes;
    if (range->start == range->end)
      remove_range(i);
    return start;
  }
  return 0;
}

static void give(uint64_t start, uint64_t end) {
  unsigned i = 0;
  while (i < range_count && free_ranges[i].start < start)
    i++;
  bool joins_lower = i > 0 && free_ranges[i - 1].end == start;
  bool joins_upper = i < range_count && free_ranges[i].start == end;
  if (joins_lower && joins_upper) {
    free_ranges[i - 1].end = free_ranges[i].end;
    remove_range(i);
  } else if (joins_lower) {
    free_ranges[i - 1].end = end;
  } else if (joins_upper) {
    free_ranges[i].start = start;
  } else {
    insert_range(i, (struct range){start, end});
  }
}

// A page on both sides stays unmapped; neighbours do not share it.
static uint64_t bytes_with_guards(uint64_t pages) { return (pages + 2) * PAGE_BYTES; }

int64_t space_reserve(uint64_t pages) {
  if (pages > (SPACE_END - SPACE_START) / PAGE_BYTES)
    return -ENOMEM;
  mutex_lock(&mutex);
  uint64_t start = take(bytes_with_guards(pages));
  mutex_unlock(&mutex);
  return start == 0 ? -ENOMEM : (int64_t)(start + PAGE_BYTES);
}

int64_t space_map(handle_t memory, uint64_t first_page, uint64_t pages, uint32_t rights) {
  int64_t address = space_reserve(pages);
  if (address < 0)
    return address;
  int64_t error = kernel_map(HANDLE_PROCESS, memory, (uint64_t)address, first_page, pages, rights);
  if (error < 0) {
    space_unmap((void *)address, pages);
    return error;
  }
  return address;
}

void space_unmap(void *address, uint64_t pages) {
  kernel_unmap(HANDLE_PROCESS, (uint64_t)address, pages);
  uint64_t start = (uint64_t)address - PAGE_BYTES;
  mutex_lock(&mutex);
  give(start, start + bytes_with_guards(pages));
  mutex_unlock(&mutex);
}
