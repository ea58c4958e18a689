#include "lib/thread.h"
#include "lib/ipc.h"
#include "lib/mutex.h"
#include "lib/space.h"
#include <elf.h>
#include <string.h>
#include <sys/auxv.h>

// musl keeps its control block of a thread below tp and thread-local data from tp on (RISC-V ELF psABI, TLS
// variant I). Its size is musl's secret; this is more, and the main thread's is copied whole: the parts musl
// reads in what servers use (locale) are right then.
#define CONTROL_BLOCK_BYTES 256
#define THREAD_DATA_BYTES   64

// The initial contents of thread-local data, from the program's own headers.
static void copy_thread_data(uint8_t *to) {
  const Elf64_Phdr *header = (const Elf64_Phdr *)getauxval(AT_PHDR);
  for (uint64_t count = getauxval(AT_PHNUM); count > 0; count--, header++) {
    if (header->p_type == PT_TLS)
      memcpy(to, (const void *)header->p_vaddr, header->p_filesz);
  }
}

static _Noreturn void begin(struct thread *thread) {
  message_buffer = thread->buffer;
  kernel_exit(thread->run(thread->argument));
}

// Stacks of threads that have been joined, for the next ones: to zero a new one takes longer than all the
// rest.
#define MOST_SPARE_STACKS 16

struct spare_stack {
  struct spare_stack *next;
  handle_t memory;
};

static struct mutex spare_mutex;
static struct spare_stack *first_spare;
static unsigned spare_count;

static struct spare_stack *take_spare(void) {
  mutex_lock(&spare_mutex);
  struct spare_stack *spare = first_spare;
  if (spare != NULL) {
    first_spare = spare->next;
    spare_count--;
  }
  mutex_unlock(&spare_mutex);
  return spare;
}

// Returns false if there are enough of them.
static bool keep_spare(struct thread *thread) {
  mutex_lock(&spare_mutex);
  bool kept = spare_count < MOST_SPARE_STACKS;
  if (kept) {
    struct spare_stack *spare = (struct spare_stack *)thread->stack;
    *spare = (struct spare_stack){first_spare, thread->stack_memory};
    first_spare = spare;
    spare_count++;
  }
  mutex_unlock(&spare_mutex);
  return kept;
}

static int64_t create_stack(struct thread *thread) {
  thread->stack_pages = THREAD_STACK_BYTES / PAGE_BYTES;
  struct spare_stack *spare = take_spare();
  if (spare != NULL) {
    thread->stack_memory = spare->memory;
    thread->stack = (uint8_t *)spare;
    return 0;
  }
  // Wired, so that a server never faults on its stack when memory is short.
  int64_t memory = kernel_create_memory(thread->stack_pages, MEMORY_WIRED, 0, 0);
  if (memory < 0)
    return memory;
  thread->stack_memory = (handle_t)memory;
  int64_t address = space_map(thread->stack_memory, 0, thread->stack_pages, MAP_READ | MAP_WRITE);
  if (address < 0) {
    kernel_delete(thread->stack_memory);
    return address;
  }
  thread->stack = (uint8_t *)address;
  return 0;
}

static void delete_stack(struct thread *thread) {
  if (keep_spare(thread))
    return;
  space_unmap(thread->stack, thread->stack_pages);
  kernel_delete(thread->stack_memory);
}

int64_t thread_create(struct thread *thread, uint64_t (*run)(void *argument), void *argument) {
  *thread = (struct thread){.run = run, .argument = argument};
  int64_t error = create_stack(thread);
  if (error < 0)
    return error;
  uint8_t *data = thread->stack + THREAD_STACK_BYTES - THREAD_DATA_BYTES;
  uint8_t *own_data, *global_data;
  __asm__("mv %0, tp" : "=r"(own_data));
  __asm__("mv %0, gp" : "=r"(global_data));
  memcpy(data - CONTROL_BLOCK_BYTES, own_data - CONTROL_BLOCK_BYTES, CONTROL_BLOCK_BYTES);
  copy_thread_data(data);
  thread->buffer = message_buffer_allocate();
  struct thread_start start = {
      .pc = (uint64_t)begin,
      .sp = (uint64_t)data - CONTROL_BLOCK_BYTES,
      .gp = (uint64_t)global_data,
      .tp = (uint64_t)data,
      .arguments = {(uint64_t)thread},
      .buffer = (uint64_t)thread->buffer,
      .priority = (uint32_t)UNCHANGED,
      .affinity = AFFINITY_ANY,
  };
  int64_t handle = thread->buffer == NULL ? -ENOMEM : kernel_create_thread(HANDLE_PROCESS, &start);
  if (handle < 0) {
    if (thread->buffer != NULL)
      message_buffer_free(thread->buffer);
    delete_stack(thread);
    return handle;
  }
  thread->handle = (handle_t)handle;
  return 0;
}

int64_t thread_join(struct thread *thread) {
  struct end_info info;
  int64_t error;
  do {
    error = kernel_await_end(thread->handle, WAIT_FOREVER, &info);
  } while (error == -EINTR);
  if (error < 0)
    return error;
  kernel_delete(thread->handle);
  message_buffer_free(thread->buffer);
  delete_stack(thread);
  return info.code;
}
