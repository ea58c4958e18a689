#include "arena.h"
#include <err.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES 4000

struct arena_chunk {
  struct arena_chunk *older;
  size_t used, room;
  alignas(16) char bytes[];
};

void *arena_allocate(struct arena *arena, size_t bytes) {
  bytes = (bytes + 15) & ~(size_t)15;
  struct arena_chunk *chunk = arena->chunk;
  if (chunk == NULL || chunk->room - chunk->used < bytes) {
    size_t room = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
    struct arena_chunk *fresh = malloc(sizeof *fresh + room);
    if (fresh == NULL)
      err(2, "out of memory");
    *fresh = (struct arena_chunk){.older = chunk, .room = room};
    arena->chunk = chunk = fresh;
  }
  void *result = chunk->bytes + chunk->used;
  chunk->used += bytes;
  return result;
}

char *arena_copy(struct arena *arena, const char *text, size_t length) {
  char *copy = arena_allocate(arena, length + 1);
  memcpy(copy, text, length);
  copy[length] = 0;
  return copy;
}

char *arena_string(struct arena *arena, const char *text) { return arena_copy(arena, text, strlen(text)); }

char *arena_format(struct arena *arena, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  char *formatted;
  if (vasprintf(&formatted, format, arguments) < 0)
    err(2, "out of memory");
  va_end(arguments);
  char *copy = arena_string(arena, formatted);
  free(formatted);
  return copy;
}

struct arena_mark arena_mark(const struct arena *arena) {
  return (struct arena_mark){arena->chunk, arena->chunk == NULL ? 0 : arena->chunk->used};
}

void arena_release(struct arena *arena, struct arena_mark mark) {
  while (arena->chunk != mark.chunk) {
    struct arena_chunk *older = arena->chunk->older;
    free(arena->chunk);
    arena->chunk = older;
  }
  if (mark.chunk != NULL)
    mark.chunk->used = mark.used;
}

void arena_free(struct arena *arena) { arena_release(arena, (struct arena_mark){NULL, 0}); }

void text_add(struct text *text, char character) {
  if (text->length + 1 >= text->room) {
    text->room = text->room == 0 ? 32 : text->room * 2;
    char *larger = arena_allocate(text->arena, text->room);
    if (text->length > 0)
      memcpy(larger, text->start, text->length);
    text->start = larger;
  }
  text->start[text->length++] = character;
  text->start[text->length] = 0;
}

void text_add_string(struct text *text, const char *string) {
  while (*string != 0)
    text_add(text, *string++);
}

char *text_finish(struct text *text) {
  return text->start != NULL ? text->start : arena_string(text->arena, "");
}

void words_add(struct words *words, char *word) {
  if (words->count + 1 >= words->room) {
    words->room = words->room == 0 ? 8 : words->room * 2;
    char **larger = arena_allocate(words->arena, words->room * sizeof *larger);
    if (words->count > 0)
      memcpy(larger, words->start, words->count * sizeof *larger);
    words->start = larger;
  }
  words->start[words->count++] = word;
  words->start[words->count] = NULL;
}

char **words_finish(struct words *words) {
  static char *none[] = {NULL};
  return words->start != NULL ? words->start : none;
}
