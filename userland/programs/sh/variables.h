#pragma once
// The shell's variables and functions.

#include "arena.h"
#include <stdbool.h>

struct node;

// The value, or NULL when the variable is not set. Valid until it is set again.
const char *variable_get(const char *name);
// False, after a message, when the variable is read-only.
bool variable_set(const char *name, const char *value);
bool variable_unset(const char *name);
// Marks it; a NULL value leaves the value as it is.
bool variable_export(const char *name, const char *value);
bool variable_protect(const char *name, const char *value);
void variable_unexport(const char *name);

// Makes the variable local to the function that runs: its old value comes back when the function ends.
bool variable_make_local(const char *name, const char *value);
// Where the locals of a function that now begins start; and the end of that function.
int locals_begin(void);
void locals_end(int begin);

// NAME=VALUE of all exported variables, as execve wants them.
char **variables_environment(struct arena *arena);
// Takes over the environment the shell was started with.
void variables_start(char **environment);
// Prints all, as commands that would set them. `prefix` is "" for all, "export " or "readonly " for those.
void variables_print(const char *prefix);

bool is_name(const char *text, size_t length);

struct node *function_get(const char *name);
void function_set(const char *name, struct node *body);
bool function_unset(const char *name);
