// The shell. Text becomes lines (input.c, editor.c), lines become words and operators (lexer.c), those become
// a tree (parser.c), and the tree is executed (execute.c): words are expanded (expand.c), descriptors
// redirected (redirect.c), processes started and watched (jobs.c).

#include "execute.h"
#include "history.h"
#include "jobs.h"
#include "shell.h"
#include "trap.h"
#include "variables.h"
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct shell shell = {.name = "sh"};

void complain(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fflush(stdout);
  fprintf(stderr, "%s: ", shell.name);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
}

void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "%s: ", shell.name);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  shell.status = 2;
  if (!shell.is_interactive)
    shell.leaving = LEAVING_SHELL;
}

static void set_default(const char *name, const char *value) {
  if (variable_get(name) == NULL)
    variable_set(name, value);
}

static void start_variables(void) {
  extern char **environ;
  char folder[PATH_MAX];
  variables_start(environ);
  variable_set("PS1", "trapframe> ");
  variable_set("PS2", "> ");
  variable_set("IFS", " \t\n");
  set_default("PATH", "/bin:/usr/bin");
  if (getcwd(folder, sizeof folder) != NULL)
    variable_export("PWD", folder);
}

static void start_interaction(void) {
  shell.is_interactive = true;
  traps_start();
  jobs_control_terminal();
  history_start();
}

static struct input input_from_script(const char *path) {
  int script = open_script(path);
  if (script < 0) {
    complain("%s: %s", path, strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
  }
  shell.name = path;
  return input_from_file(script);
}

int main(int count, char **arguments) {
  const char *command = NULL;
  bool wants_interaction = false;
  int option;
  while ((option = getopt(count, arguments, "+c:efiux")) != -1) {
    if (option == 'c')
      command = optarg;
    else if (option == 'i')
      wants_interaction = true;
    else if (option == 'e')
      shell.exits_on_failure = true;
    else if (option == 'f')
      shell.keeps_patterns = true;
    else if (option == 'u')
      shell.refuses_unset = true;
    else if (option == 'x')
      shell.traces = true;
    else
      return 2;
  }
  shell.pid = getpid();
  start_variables();
  bool has_script = command == NULL && optind < count;
  struct input input = input_from_file(STDIN_FILENO);
  if (command != NULL) {
    input = input_from_string(command);
    if (optind < count)
      shell.name = arguments[optind++];
  } else if (has_script) {
    input = input_from_script(arguments[optind++]);
  } else if (wants_interaction || (isatty(STDIN_FILENO) && isatty(STDERR_FILENO))) {
    start_interaction();
    input = input_from_terminal();
  }
  shell.arguments = arguments + optind;
  shell.argument_count = count - optind;
  execute_input(&input);
  if (shell.is_interactive)
    jobs_leave_terminal();
  leave_shell();
}
