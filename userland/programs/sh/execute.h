#pragma once
// Walks the tree that the parser made and does what it says.

#include "input.h"
#include "syntax.h"

// Executes a command and sets shell.status.
void execute(struct node *node);

// Reads and executes commands until there are no more, or exit, return and the like end it.
void execute_input(struct input *input);

// Calls a function of the shell with arguments, the first being its name.
void execute_function(struct node *body, char **words);

// Runs a program in place of the shell. Returns only when it cannot, after a message, with shell.status set.
void execute_program(char **words);

// What a command, executed in a subshell, prints; in shell.scratch.
char *command_output(const char *command);

// The path of a program: what PATH says for a plain name. NULL, with errno, when there is none.
char *find_program(const char *name);

// Ends this process with shell.status, after what `trap ... EXIT` asks for.
_Noreturn void leave_shell(void);
