// Message buffers, cut from pages of wired memory that stay for ever.

#include "lib/ipc.h"
#include "lib/mutex.h"
#include "lib/space.h"
#include "lib/thread.h"

#define PAGES_AT_ONCE 4

struct free_buffer {
  struct free_buffer *next;
};

static struct mutex mutex;
static struct free_buffer *free_buffers;

static void put(void *buffer) {
  struct free_buffer *free = buffer;
  free->next = free_buffers;
  free_buffers = free;
}

static void add_pages(void) {
  int64_t memory = kernel_create_memory(PAGES_AT_ONCE, MEMORY_WIRED, 0, 0);
  if (memory < 0)
    return;
  int64_t address = space_map((handle_t)memory, 0, PAGES_AT_ONCE, MAP_READ | MAP_WRITE);
  kernel_delete((handle_t)memory); // the mapping keeps it
  if (address < 0)
    return;
  for (uint64_t at = 0; at < PAGES_AT_ONCE * PAGE_BYTES; at += sizeof(struct message_buffer))
    put((char *)address + at);
}

struct message_buffer *message_buffer_allocate(void) {
  mutex_lock(&mutex);
  if (free_buffers == NULL)
    add_pages();
  struct free_buffer *buffer = free_buffers;
  if (buffer != NULL)
    free_buffers = buffer->next;
  mutex_unlock(&mutex);
  return (struct message_buffer *)buffer;
}

void message_buffer_free(struct message_buffer *buffer) {
  mutex_lock(&mutex);
  put(buffer);
  mutex_unlock(&mutex);
}
