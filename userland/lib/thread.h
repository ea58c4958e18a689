// Threads of this process, each a kernel thread with its own stack, thread-local data and message buffer.
//
// Thread-local data (_Thread_local) of a server must not exceed 64 bytes: what musl's start-up has room for.
#pragma once

#include "lib/handles.h"
#include <stddef.h>

#define THREAD_STACK_BYTES 65536ul

struct thread {
  handle_t handle; // the kernel's thread; an entry of its own
  uint64_t (*run)(void *argument);
  void *argument;
  struct message_buffer *buffer;
  uint8_t *stack;
  size_t stack_pages;
  handle_t stack_memory;
};

// Starts `run(argument)` in a new thread at the caller's priority; the result is the thread's value. `thread`
// must stay where it is until the thread has been joined. Returns 0 or -ENOMEM.
int64_t thread_create(struct thread *thread, uint64_t (*run)(void *argument), void *argument);

// Waits for the thread's end and gives up what it had. Returns its value, or an error.
int64_t thread_join(struct thread *thread);

// A message buffer in wired memory, and giving it back. NULL when memory is out.
struct message_buffer *message_buffer_allocate(void);
void message_buffer_free(struct message_buffer *buffer);
