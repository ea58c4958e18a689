// The stack a new program begins on: argc, argv, envp and the auxiliary vector (System V ABI).
#pragma once

#include "lib/elf.h"

// Our own entry of the auxiliary vector: the address of the main thread's message buffer.
#define AT_MESSAGE_BUFFER 0x7461

struct start_stack {
  const char *const *arguments;   // ended by NULL
  const char *const *environment; // ended by NULL
  const struct elf_image *image;
  const char *path;        // AT_EXECFN
  uint64_t user, group;    // AT_UID, AT_EUID; AT_GID, AT_EGID
  uint64_t message_buffer; // its address in the process, or 0
  uint8_t random[16];      // AT_RANDOM
};

// Writes the upper end of the stack into `bytes` bytes at `to`, which are to be the memory up to address
// `top` (a multiple of 16) of the process. Returns the stack pointer in the process, or -E2BIG.
int64_t start_stack_write(const struct start_stack *stack, uint8_t *to, size_t bytes, uint64_t top);
