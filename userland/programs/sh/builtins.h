#pragma once
// Commands that the shell executes itself.

struct builtin {
  const char *name;
  const char *usage; // what may follow the name
  int (*run)(int count, char **arguments);
};

// NULL when there is none of that name.
const struct builtin *find_builtin(const char *name);

int exec_command(int count, char **arguments);
