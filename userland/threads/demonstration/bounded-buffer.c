#include "demonstration.h"
#include "thread.h"

#include <stdio.h>

enum { SLOTS = 8, PRODUCERS = 2, CONSUMERS = 2, ITEMS_EACH = 1000 };

static struct {
  struct mutex mutex;
  struct condition not_empty, not_full;
  unsigned items[SLOTS];
  unsigned in, out, filled;
  // How often someone found it full, or empty.
  unsigned found_full, found_empty;
  unsigned most;
} buffer;

static void put(unsigned item) {
  mutex_lock(&buffer.mutex);
  while (buffer.filled == SLOTS) {
    buffer.found_full++;
    condition_wait(&buffer.not_full, &buffer.mutex);
  }
  buffer.items[buffer.in] = item;
  buffer.in = (buffer.in + 1) % SLOTS;
  if (++buffer.filled > buffer.most)
    buffer.most = buffer.filled;
  condition_signal(&buffer.not_empty);
  mutex_unlock(&buffer.mutex);
}

static unsigned get(void) {
  mutex_lock(&buffer.mutex);
  while (buffer.filled == 0) {
    buffer.found_empty++;
    condition_wait(&buffer.not_empty, &buffer.mutex);
  }
  unsigned item = buffer.items[buffer.out];
  buffer.out = (buffer.out + 1) % SLOTS;
  buffer.filled--;
  condition_signal(&buffer.not_full);
  mutex_unlock(&buffer.mutex);
  return item;
}

static void *produce(void *unused) {
  for (unsigned item = 1; item <= ITEMS_EACH; item++)
    put(item);
  return unused;
}

static void *consume(void *sum) {
  for (unsigned i = 0; i < ITEMS_EACH * PRODUCERS / CONSUMERS; i++)
    *(unsigned long *)sum += get();
  return NULL;
}

void show_bounded_buffer(void) {
  mutex_init(&buffer.mutex);
  condition_init(&buffer.not_empty);
  condition_init(&buffer.not_full);
  struct thread *threads[PRODUCERS + CONSUMERS];
  unsigned long sums[CONSUMERS] = {0};
  for (int i = 0; i < CONSUMERS; i++)
    require(thread_create(&threads[i], consume, &sums[i]) == 0, "cannot create a consumer");
  for (int i = 0; i < PRODUCERS; i++)
    require(thread_create(&threads[CONSUMERS + i], produce, NULL) == 0, "cannot create a producer");
  for (int i = 0; i < PRODUCERS + CONSUMERS; i++)
    thread_join(threads[i], NULL);
  unsigned long sum = 0;
  for (int i = 0; i < CONSUMERS; i++)
    sum += sums[i];
  unsigned long expected = (unsigned long)PRODUCERS * ITEMS_EACH * (ITEMS_EACH + 1) / 2;
  verdict("bounded buffer", sum == expected && buffer.filled == 0 && buffer.most <= SLOTS);
  printf("found it full, empty: %u, %u\n", buffer.found_full, buffer.found_empty);
}
