#pragma once
// Memory that is given back all at once. A shell makes many small strings that live as long as one command;
// naming that lifetime is simpler than freeing each of them.

#include <stddef.h>

struct arena {
  struct arena_chunk *chunk; // where the next allocation comes from; older chunks hang behind it
};

// A point in an arena's life, to return to.
struct arena_mark {
  struct arena_chunk *chunk;
  size_t used;
};

// Never NULL: the shell ends when there is no memory.
void *arena_allocate(struct arena *arena, size_t bytes);
char *arena_copy(struct arena *arena, const char *text, size_t length);
char *arena_string(struct arena *arena, const char *text);
char *arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct arena_mark arena_mark(const struct arena *arena);
// Gives back what was allocated since the mark was taken.
void arena_release(struct arena *arena, struct arena_mark mark);
void arena_free(struct arena *arena);

// A string that grows, and strings in a row that grow. Both live in an arena.
struct text {
  struct arena *arena;
  char *start; // NUL-terminated once anything was added
  size_t length, room;
};

struct words {
  struct arena *arena;
  char **start; // NULL-terminated once anything was added
  size_t count, room;
};

void text_add(struct text *text, char character);
void text_add_string(struct text *text, const char *string);
char *text_finish(struct text *text); // never NULL
void words_add(struct words *words, char *word);
char **words_finish(struct words *words); // never NULL
