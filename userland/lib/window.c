#include "lib/window.h"
#include "lib/kernel.h"
#include "lib/space.h"

static int64_t map(struct window *window) {
  int64_t address = space_map(window->memory, 0, window->pages, MAP_READ | MAP_WRITE);
  if (address < 0)
    return address;
  window->bytes = (uint8_t *)address;
  return 0;
}

int64_t window_create(uint64_t pages, struct window *window) {
  int64_t memory = kernel_create_memory(pages, MEMORY_WIRED, 0, 0);
  if (memory < 0)
    return memory;
  *window = (struct window){(handle_t)memory, pages, NULL};
  int64_t error = map(window);
  if (error < 0)
    kernel_delete(window->memory);
  return error;
}

int64_t window_open(handle_t memory, uint64_t bytes, struct window *window) {
  if (bytes == 0 || bytes > 1ul << 32)
    return -EINVAL;
  *window = (struct window){memory, (bytes + PAGE_BYTES - 1) / PAGE_BYTES, NULL};
  return map(window);
}

void window_close(struct window *window) {
  space_unmap(window->bytes, window->pages);
  kernel_delete(window->memory);
  *window = (struct window){0};
}
