#pragma once
// Where commands come from: the terminal, a file, or a string.

#include "arena.h"
#include <stdbool.h>

struct input {
  enum { INPUT_TERMINAL, INPUT_FILE, INPUT_STRING } kind;
  int descriptor;   // of a file
  const char *rest; // of a string
  int line;         // number of the line that was read last
};

struct input input_from_string(const char *text);
struct input input_from_file(int descriptor);
struct input input_from_terminal(void);

// Opens a file of commands, out of the way of the descriptors that its commands may use; -1, with errno, on
// failure.
int open_script(const char *path);

// The next line, with its newline if it has one; NULL at the end. `is_continued` asks for more of a command
// that has begun.
char *input_line(struct input *input, struct arena *arena, bool is_continued);
