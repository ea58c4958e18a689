#include "input.h"
#include "editor.h"
#include "shell.h"
#include "variables.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct input input_from_string(const char *text) {
  return (struct input){.kind = INPUT_STRING, .rest = text};
}

struct input input_from_file(int descriptor) {
  return (struct input){.kind = INPUT_FILE, .descriptor = descriptor};
}

int open_script(const char *path) {
  int low = open(path, O_RDONLY | O_CLOEXEC);
  if (low < 0)
    return -1;
  int script = fcntl(low, F_DUPFD_CLOEXEC, FIRST_OWN_DESCRIPTOR);
  close(low);
  return script;
}

struct input input_from_terminal(void) { return (struct input){.kind = INPUT_TERMINAL}; }

static char *string_line(struct input *input, struct arena *arena) {
  if (*input->rest == 0)
    return NULL;
  size_t length = strcspn(input->rest, "\n");
  if (input->rest[length] == '\n')
    length++;
  char *line = arena_copy(arena, input->rest, length);
  input->rest += length;
  return line;
}

// Reads no byte more than the line: what follows on standard input may belong to the command in the line.
static char *file_line(struct input *input, struct arena *arena) {
  struct text line = {.arena = arena};
  for (;;) {
    char character;
    ssize_t got = read(input->descriptor, &character, 1);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return line.length > 0 ? line.start : NULL;
    if (character == 0)
      continue;
    text_add(&line, character);
    if (character == '\n')
      return line.start;
  }
}

char *input_line(struct input *input, struct arena *arena, bool is_continued) {
  input->line++;
  if (input->kind == INPUT_STRING)
    return string_line(input, arena);
  if (input->kind == INPUT_FILE)
    return file_line(input, arena);
  const char *prompt = variable_get(is_continued ? "PS2" : "PS1");
  return editor_line(arena, prompt != NULL ? prompt : "");
}
