// Compares, swaps and recursion over an array: quicksort with median of three, insertion sort for short runs.

#include "workload.h"

enum { COUNT = 16384, SHORT_RUN = 12 };

static uint32_t numbers[COUNT];

static void swap(uint32_t *a, uint32_t *b) {
  uint32_t value = *a;
  *a = *b;
  *b = value;
}

static void insertion_sort(uint32_t *first, uint32_t *last) {
  for (uint32_t *next = first + 1; next <= last; next++) {
    uint32_t value = *next;
    uint32_t *hole = next;
    for (; hole > first && hole[-1] > value; hole--)
      *hole = hole[-1];
    *hole = value;
  }
}

// Both ends are included.
static void quicksort(uint32_t *first, uint32_t *last) {
  while (last - first >= SHORT_RUN) {
    uint32_t *middle = first + (last - first) / 2;
    if (*middle < *first)
      swap(middle, first);
    if (*last < *first)
      swap(last, first);
    if (*last < *middle)
      swap(last, middle);
    uint32_t pivot = *middle;
    uint32_t *low = first, *high = last;
    while (low <= high) {
      while (*low < pivot)
        low++;
      while (*high > pivot)
        high--;
      if (low <= high)
        swap(low++, high--);
    }
    // Recursing into the shorter side bounds the stack by log2(COUNT) frames.
    if (high - first < last - low) {
      quicksort(first, high);
      first = low;
    } else {
      quicksort(low, last);
      last = high;
    }
  }
  insertion_sort(first, last);
}

static uint64_t run(void) {
  uint64_t random = 88172645463325252;
  for (int i = 0; i < COUNT; i++)
    numbers[i] = (uint32_t)next_random(&random);
  quicksort(numbers, numbers + COUNT - 1);
  uint64_t checksum = 0;
  for (int i = 0; i < COUNT; i++) {
    if (i > 0 && numbers[i - 1] > numbers[i])
      return 0;
    checksum = fold(checksum, numbers[i]);
  }
  return checksum;
}

const struct workload workload = {.name = "quicksort", .checksum = 0xabc69b12f91a9d20, .run = run};
