#include "deadline.h"
#include "server.h"
#include <stdlib.h>

#define NANOSECONDS 1000000000ul

static uint64_t frequency, realtime_base;

// A binary heap: children of i are 2i and 2i + 1; the next deadline is at 1.
static struct deadline **heap;
static uint32_t heap_count, heap_capacity;

void clock_init(uint64_t realtime) {
  frequency = clock_frequency();
  realtime_base = realtime;
}

uint64_t clock_realtime_base(void) { return realtime_base; }

void clock_set_realtime(uint64_t nanoseconds) {
  realtime_base = nanoseconds - ticks_to_nanoseconds(clock_now());
}

uint64_t ticks_to_nanoseconds(uint64_t ticks) {
  return ticks / frequency * NANOSECONDS + ticks % frequency * NANOSECONDS / frequency;
}

uint64_t nanoseconds_to_ticks(uint64_t nanoseconds) {
  uint64_t seconds = nanoseconds / NANOSECONDS, rest = nanoseconds % NANOSECONDS;
  return seconds * frequency + (rest * frequency + NANOSECONDS - 1) / NANOSECONDS;
}

struct timespec nanoseconds_to_timespec(uint64_t nanoseconds) {
  return (struct timespec){.tv_sec = (time_t)(nanoseconds / NANOSECONDS),
                           .tv_nsec = (long)(nanoseconds % NANOSECONDS)};
}

struct timespec clock_realtime(void) {
  return nanoseconds_to_timespec(realtime_base + ticks_to_nanoseconds(clock_now()));
}

bool timespec_valid(const struct timespec *time) {
  return time->tv_sec >= 0 && time->tv_nsec >= 0 && time->tv_nsec < (long)NANOSECONDS;
}

uint64_t timespec_nanoseconds(const struct timespec *time) {
  uint64_t nanoseconds;
  if (__builtin_mul_overflow((uint64_t)time->tv_sec, NANOSECONDS, &nanoseconds) ||
      __builtin_add_overflow(nanoseconds, (uint64_t)time->tv_nsec, &nanoseconds))
    return NEVER;
  return nanoseconds;
}

uint64_t clock_deadline(const struct timespec *time, int clock) {
  uint64_t nanoseconds = timespec_nanoseconds(time);
  if (nanoseconds == NEVER)
    return NEVER;
  if (clock == CLOCK_REALTIME)
    nanoseconds = nanoseconds > realtime_base ? nanoseconds - realtime_base : 0;
  uint64_t ticks = nanoseconds_to_ticks(nanoseconds);
  uint64_t now = clock == CLOCK_RELATIVE ? clock_now() : 0;
  return ticks > NEVER - 1 - now ? NEVER : now + ticks;
}

static void place(struct deadline *deadline, uint32_t position) {
  heap[position] = deadline;
  deadline->position = position;
}

static void rise(struct deadline *deadline) {
  uint32_t position = deadline->position;
  for (; position > 1 && heap[position / 2]->when > deadline->when; position /= 2)
    place(heap[position / 2], position);
  place(deadline, position);
}

static void sink(struct deadline *deadline) {
  uint32_t position = deadline->position;
  for (;;) {
    uint32_t child = position * 2;
    if (child + 1 <= heap_count && heap[child + 1]->when < heap[child]->when)
      child++;
    if (child > heap_count || heap[child]->when >= deadline->when)
      break;
    place(heap[child], position);
    position = child;
  }
  place(deadline, position);
}

bool deadline_set(struct deadline *deadline, uint64_t when) {
  deadline_clear(deadline);
  if (heap_count + 1 >= heap_capacity) {
    uint32_t capacity = heap_capacity * 2 + 64;
    struct deadline **grown = realloc(heap, capacity * sizeof(struct deadline *));
    if (grown == NULL)
      return false;
    heap = grown;
    heap_capacity = capacity;
  }
  deadline->when = when;
  deadline->position = ++heap_count;
  rise(deadline);
  if (heap[1] == deadline)
    server_deadline_changed();
  return true;
}

void deadline_clear(struct deadline *deadline) {
  uint32_t position = deadline->position;
  if (position == 0)
    return;
  deadline->position = 0;
  struct deadline *last = heap[heap_count--];
  if (last == deadline)
    return;
  place(last, position);
  rise(last);
  sink(last);
}

uint64_t deadlines_expire(void) {
  while (heap_count > 0 && heap[1]->when <= clock_now()) {
    struct deadline *deadline = heap[1];
    deadline_clear(deadline);
    deadline->expire(deadline);
  }
  return heap_count > 0 ? heap[1]->when : NEVER;
}

uint64_t deadlines_next(void) { return heap_count > 0 ? heap[1]->when : NEVER; }
