#include "lib/start_stack.h"
#include "lib/kernel.h"
#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

// What is being written: downwards from the top. Offsets are from the start of the bytes.
struct writer {
  uint8_t *bytes;
  size_t at;           // lowest offset written
  uint64_t difference; // address in the process of offset 0
  bool is_full;
};

// Writes below what is there; returns its address in the process.
static uint64_t push(struct writer *writer, const void *from, size_t bytes) {
  if (bytes > writer->at) {
    writer->is_full = true;
    return 0;
  }
  writer->at -= bytes;
  memcpy(writer->bytes + writer->at, from, bytes);
  return writer->difference + writer->at;
}

static uint64_t push_string(struct writer *writer, const char *string) {
  return push(writer, string, strlen(string) + 1);
}

static size_t count(const char *const *strings) {
  size_t number = 0;
  while (strings[number] != NULL)
    number++;
  return number;
}

// Writes the strings, and their addresses into the words at `vector`, whose end it returns.
static size_t push_strings(struct writer *writer, const char *const *strings, size_t vector) {
  for (; *strings != NULL && !writer->is_full; strings++, vector += 8) {
    uint64_t address = push_string(writer, *strings);
    memcpy(writer->bytes + vector, &address, 8);
  }
  memset(writer->bytes + vector, 0, 8);
  return vector + 8;
}

int64_t start_stack_write(const struct start_stack *stack, uint8_t *to, size_t bytes, uint64_t top) {
  struct writer writer = {to, bytes, top - bytes, false};
  uint64_t path = push_string(&writer, stack->path);
  uint64_t random = push(&writer, stack->random, sizeof stack->random);
  size_t argument_count = count(stack->arguments), environment_count = count(stack->environment);
  const uint64_t auxiliary[][2] = {
      {AT_PHDR, stack->image->headers},
      {AT_PHENT, stack->image->header_bytes},
      {AT_PHNUM, stack->image->header_count},
      {AT_PAGESZ, PAGE_BYTES},
      {AT_ENTRY, stack->image->entry},
      {AT_UID, stack->user},
      {AT_EUID, stack->user},
      {AT_GID, stack->group},
      {AT_EGID, stack->group},
      {AT_SECURE, 0},
      {AT_CLKTCK, 100},
      {AT_RANDOM, random},
      {AT_EXECFN, path},
      {AT_MESSAGE_BUFFER, stack->message_buffer},
      {AT_NULL, 0},
  };
  // The strings' own room comes first, so that the vectors' place, below them, is known.
  size_t strings = 0;
  for (const char *const *string = stack->arguments; *string != NULL; string++)
    strings += strlen(*string) + 1;
  for (const char *const *string = stack->environment; *string != NULL; string++)
    strings += strlen(*string) + 1;
  size_t vectors = 8 * (1 + argument_count + 1 + environment_count + 1) + sizeof auxiliary;
  if (writer.is_full || strings > writer.at || vectors + 16 > writer.at - strings)
    return -E2BIG;
  size_t pointer = writer.at - strings - vectors;
  pointer -= (writer.difference + pointer) & 15; // the ABI's alignment
  uint64_t argc = argument_count;
  memcpy(to + pointer, &argc, 8);
  size_t at = push_strings(&writer, stack->arguments, pointer + 8);
  at = push_strings(&writer, stack->environment, at);
  memcpy(to + at, auxiliary, sizeof auxiliary);
  return (int64_t)(writer.difference + pointer);
}
