#include "lib/launch.h"
#include "lib/clock.h"
#include "lib/kernel.h"
#include "lib/space.h"
#include "lib/start_stack.h"

// The main thread's stack, an unmapped page, and its message buffer, above everything else.
#define STACK_TOP      0x3f00000000ul
#define STACK_PAGES    32ul
#define BUFFER_ADDRESS (STACK_TOP + PAGE_BYTES)

// What of the stack's upper end may be written at the start.
#define ARGUMENT_PAGES 2ul

// Where a position-independent server goes.
#define PROGRAM_BIAS  0x10000ul
#define PROGRAM_LIMIT 0x1000000000ul

// Wired, so that a server never faults when memory is short. The handle is not kept: the mapping is enough.
static int64_t create_segment(void *context, const struct elf_segment *segment) {
  handle_t *memories = context;
  int64_t memory = kernel_create_memory(segment->pages, MEMORY_WIRED, 0, 0);
  for (unsigned i = 0; memory > 0 && i < ELF_SEGMENTS; i++) {
    if (memories[i] == 0) {
      memories[i] = (handle_t)memory;
      break;
    }
  }
  return memory;
}

static int64_t load(const struct launch *launch, handle_t process, struct elf_image *image) {
  int64_t error = elf_read(&launch->program, PROGRAM_BIAS, PROGRAM_LIMIT, image);
  if (error < 0)
    return error;
  handle_t memories[ELF_SEGMENTS] = {0};
  error = elf_load(&launch->program, image, process, create_segment, memories);
  for (unsigned i = 0; i < ELF_SEGMENTS && memories[i] != 0; i++)
    kernel_delete(memories[i]);
  return error;
}

static int64_t write_stack(const struct launch *launch, const struct elf_image *image, handle_t memory) {
  static const char *const no_environment[] = {NULL};
  struct start_stack stack = {
      .arguments = launch->arguments,
      .environment = no_environment,
      .image = image,
      .path = launch->name,
      .message_buffer = BUFFER_ADDRESS,
  };
  uint64_t now = clock_now();
  for (unsigned i = 0; i < sizeof stack.random; i++)
    stack.random[i] = (uint8_t)(now * 0x9e3779b97f4a7c15ul >> (8 * (i % 8)));
  int64_t address = space_map(memory, STACK_PAGES - ARGUMENT_PAGES, ARGUMENT_PAGES, MAP_READ | MAP_WRITE);
  if (address < 0)
    return address;
  int64_t pointer = start_stack_write(&stack, (uint8_t *)address, ARGUMENT_PAGES * PAGE_BYTES, STACK_TOP);
  space_unmap((void *)address, ARGUMENT_PAGES);
  return pointer;
}

// Creates and maps the stack and writes its beginning. Returns the stack pointer.
static int64_t make_stack(const struct launch *launch, handle_t process, const struct elf_image *image) {
  int64_t memory = kernel_create_memory(STACK_PAGES, MEMORY_WIRED, 0, 0);
  if (memory < 0)
    return memory;
  int64_t result = write_stack(launch, image, (handle_t)memory);
  if (result >= 0) {
    int64_t error = kernel_map(process, (handle_t)memory, STACK_TOP - STACK_PAGES * PAGE_BYTES, 0,
                               STACK_PAGES, MAP_READ | MAP_WRITE);
    if (error < 0)
      result = error;
  }
  kernel_delete((handle_t)memory);
  return result;
}

static int64_t make_buffer(handle_t process) {
  int64_t memory = kernel_create_memory(1, MEMORY_WIRED, 0, 0);
  if (memory < 0)
    return memory;
  int64_t error = kernel_map(process, (handle_t)memory, BUFFER_ADDRESS, 0, 1, MAP_READ | MAP_WRITE);
  kernel_delete((handle_t)memory);
  return error;
}

static int64_t grant_all(const struct launch *launch, handle_t process) {
  int64_t error = kernel_grant(process, process, RIGHTS_ALL, 0);
  for (unsigned i = 0; error >= 0 && i < launch->grant_count; i++) {
    const struct launch_grant *grant = &launch->grants[i];
    error = kernel_grant(process, grant->handle, grant->rights, grant->badge);
  }
  return error;
}

static int64_t start_thread(const struct launch *launch, handle_t process) {
  struct elf_image image;
  int64_t error = load(launch, process, &image);
  if (error < 0)
    return error;
  int64_t pointer = make_stack(launch, process, &image);
  if (pointer < 0)
    return pointer;
  error = make_buffer(process);
  if (error < 0)
    return error;
  struct thread_start start = {
      .pc = image.entry,
      .sp = (uint64_t)pointer,
      .buffer = BUFFER_ADDRESS,
      .tag = launch->tag,
      .priority = launch->priority,
      .affinity = AFFINITY_ANY,
  };
  int64_t thread = kernel_create_thread(process, &start);
  if (thread >= 0)
    kernel_delete((handle_t)thread);
  return thread;
}

int64_t launch(const struct launch *launch) {
  struct process_start start = {.quota = launch->quota, .tag = launch->tag};
  for (unsigned i = 0; i < NAME_BYTES - 1 && launch->name[i] != 0; i++)
    start.name[i] = launch->name[i];
  int64_t process = kernel_create_process(&start);
  if (process < 0)
    return process;
  int64_t error = grant_all(launch, (handle_t)process);
  if (error >= 0)
    error = start_thread(launch, (handle_t)process);
  if (error < 0) {
    kernel_end_process((handle_t)process, 0);
    kernel_delete((handle_t)process);
    return error;
  }
  return process;
}
