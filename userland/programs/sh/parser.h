#pragma once
// From tokens to a tree, by recursive descent over the grammar of POSIX (Shell Command Language, 2.10).

#include "arena.h"
#include "input.h"
#include "syntax.h"

enum parse_result { PARSE_COMMAND, PARSE_NOTHING, PARSE_END, PARSE_ERROR };

struct parsed {
  enum parse_result result;
  struct node *command;
  bool defines_function; // the tree must live on
};

// Reads one whole command: to the end of the line on which it is complete. The tree is made in the arena.
struct parsed parse(struct input *input, struct arena *arena);
