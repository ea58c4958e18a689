#pragma once
// Lets the user type a line, with cursor keys and history.

#include "arena.h"

// The line with its newline; NULL at the end of input, and when Ctrl-C was pressed, which sets
// shell.is_interrupted.
char *editor_line(struct arena *arena, const char *prompt);
