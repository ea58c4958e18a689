#include "builtins.h"
#include "condition.h"
#include "execute.h"
#include "expand.h"
#include "history.h"
#include "jobs.h"
#include "print.h"
#include "send_signal.h"
#include "shell.h"
#include "trap.h"
#include "variables.h"
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int nothing_command(int count, char **arguments) {
  (void)count, (void)arguments;
  return 0;
}

static int false_command(int count, char **arguments) {
  (void)count, (void)arguments;
  return 1;
}

// break, continue: leaves that many loops, the innermost first.
static int leave_loops(int count, char **arguments, enum leaving leaving) {
  int levels = count > 1 ? atoi(arguments[1]) : 1;
  if (levels < 1) {
    complain("%s: %s is not a number of loops", arguments[0], arguments[1]);
    return 1;
  }
  if (shell.loops == 0)
    return 0;
  shell.leaving = leaving;
  shell.leaving_levels = levels < shell.loops ? levels : shell.loops;
  return 0;
}

static int break_command(int count, char **arguments) { return leave_loops(count, arguments, LEAVING_LOOP); }

static int continue_command(int count, char **arguments) {
  return leave_loops(count, arguments, LEAVING_ROUND);
}

static int given_status(int count, char **arguments) {
  return count > 1 ? atoi(arguments[1]) & 255 : shell.status;
}

static int return_command(int count, char **arguments) {
  shell.leaving = LEAVING_FUNCTION;
  return given_status(count, arguments);
}

static int exit_command(int count, char **arguments) {
  shell.leaving = LEAVING_SHELL;
  return given_status(count, arguments);
}

static int cd_command(int count, char **arguments) {
  const char *target = count > 1 ? arguments[1] : variable_get("HOME");
  bool goes_back = target != NULL && strcmp(target, "-") == 0;
  if (goes_back)
    target = variable_get("OLDPWD");
  if (target == NULL) {
    complain("cd: %s is not set", goes_back ? "OLDPWD" : "HOME");
    return 1;
  }
  char old[PATH_MAX], now[PATH_MAX];
  bool knows_old = getcwd(old, sizeof old) != NULL;
  if (chdir(target) != 0) {
    complain("cd: %s: %s", target, strerror(errno));
    return 1;
  }
  if (knows_old)
    variable_set("OLDPWD", old);
  if (getcwd(now, sizeof now) != NULL)
    variable_set("PWD", now);
  if (goes_back)
    puts(now);
  return 0;
}

static int pwd_command(int count, char **arguments) {
  (void)count, (void)arguments;
  char path[PATH_MAX];
  if (getcwd(path, sizeof path) == NULL) {
    complain("pwd: %s", strerror(errno));
    return 1;
  }
  puts(path);
  return 0;
}

static int eval_command(int count, char **arguments) {
  struct text command = {.arena = &shell.scratch};
  for (int i = 1; i < count; i++) {
    text_add_string(&command, arguments[i]);
    text_add(&command, i == count - 1 ? '\n' : ' ');
  }
  struct input input = input_from_string(text_finish(&command));
  shell.status = 0;
  execute_input(&input);
  return shell.status;
}

static int dot_command(int count, char **arguments) {
  if (count < 2) {
    complain(".: no file is named");
    return 2;
  }
  int script = open_script(arguments[1]);
  if (script < 0) {
    complain(".: %s: %s", arguments[1], strerror(errno));
    return 1;
  }
  struct input input = input_from_file(script);
  shell.status = 0;
  execute_input(&input);
  close(script);
  if (shell.leaving == LEAVING_FUNCTION)
    shell.leaving = LEAVING_NOTHING;
  return shell.status;
}

int exec_command(int count, char **arguments) {
  if (count == 1)
    return 0; // only its redirections are meant
  execute_program(arguments + 1);
  if (!shell.is_interactive)
    shell.leaving = LEAVING_SHELL;
  return shell.status;
}

// NAME or NAME=VALUE for each argument.
static int declare(int count, char **arguments, bool (*set)(const char *name, const char *value)) {
  for (int i = 1; i < count; i++) {
    size_t length = strcspn(arguments[i], "=");
    if (!is_name(arguments[i], length)) {
      complain("%s: %s cannot name a variable", arguments[0], arguments[i]);
      return 1;
    }
    char *name = arena_copy(&shell.scratch, arguments[i], length);
    if (!set(name, arguments[i][length] == '=' ? arguments[i] + length + 1 : NULL))
      return 1;
  }
  return 0;
}

static int export_command(int count, char **arguments) {
  if (count == 1 || strcmp(arguments[1], "-p") == 0)
    variables_print("export ");
  else if (strcmp(arguments[1], "-n") == 0)
    for (int i = 2; i < count; i++)
      variable_unexport(arguments[i]);
  else
    return declare(count, arguments, variable_export);
  return 0;
}

static int readonly_command(int count, char **arguments) {
  if (count == 1 || strcmp(arguments[1], "-p") == 0)
    variables_print("readonly ");
  else
    return declare(count, arguments, variable_protect);
  return 0;
}

static int local_command(int count, char **arguments) {
  if (shell.functions == 0) {
    complain("local: not in a function");
    return 1;
  }
  return declare(count, arguments, variable_make_local);
}

static int unset_command(int count, char **arguments) {
  bool is_function = count > 1 && strcmp(arguments[1], "-f") == 0;
  bool has_option = is_function || (count > 1 && strcmp(arguments[1], "-v") == 0);
  int status = 0;
  for (int i = 1 + has_option; i < count; i++) {
    if (is_function)
      function_unset(arguments[i]);
    else if (!variable_unset(arguments[i]))
      status = 1;
  }
  return status;
}

// The arguments must outlive the command that sets them.
static void set_arguments(int count, char **words) {
  char **copies = calloc((size_t)count + 1, sizeof *copies);
  for (int i = 0; copies != NULL && i < count; i++)
    copies[i] = strdup(words[i]);
  if (copies == NULL)
    return;
  shell.arguments = copies;
  shell.argument_count = count;
}

static bool set_option(char letter, bool value) {
  switch (letter) {
  case 'e':
    shell.exits_on_failure = value;
    return true;
  case 'f':
    shell.keeps_patterns = value;
    return true;
  case 'u':
    shell.refuses_unset = value;
    return true;
  case 'x':
    shell.traces = value;
    return true;
  default:
    return false;
  }
}

static int set_command(int count, char **arguments) {
  if (count == 1)
    variables_print("");
  int i = 1;
  for (; i < count && (*arguments[i] == '-' || *arguments[i] == '+') && arguments[i][1] != 0; i++) {
    if (strcmp(arguments[i], "--") == 0) {
      set_arguments(count - i - 1, arguments + i + 1);
      return 0;
    }
    for (const char *letter = arguments[i] + 1; *letter != 0; letter++) {
      if (!set_option(*letter, *arguments[i] == '-')) {
        complain("set: there is no option %c%c; there are e, f, u and x", *arguments[i], *letter);
        return 2;
      }
    }
  }
  if (i < count)
    set_arguments(count - i, arguments + i);
  return 0;
}

static int shift_command(int count, char **arguments) {
  int steps = count > 1 ? atoi(arguments[1]) : 1;
  if (steps < 0 || steps > shell.argument_count) {
    complain("shift: there are %d arguments", shell.argument_count);
    return 1;
  }
  shell.arguments += steps;
  shell.argument_count -= steps;
  return 0;
}

// A line from standard input, not a byte more. A backslash makes the next character an ordinary one, unless
// raw.
static bool read_line(struct text *line, bool is_raw) {
  for (;;) {
    char character;
    ssize_t got = read(STDIN_FILENO, &character, 1);
    if (got < 0 && errno == EINTR && !shell.is_interrupted && !traps_pending())
      continue;
    if (got <= 0)
      return false;
    if (character == '\n')
      return true;
    if (character == '\\' && !is_raw) {
      if (read(STDIN_FILENO, &character, 1) <= 0)
        return false;
      if (character == '\n')
        continue;
    }
    text_add(line, character);
  }
}

static int read_command(int count, char **arguments) {
  int first = 1;
  bool is_raw = false;
  for (; first < count && *arguments[first] == '-'; first++) {
    if (strcmp(arguments[first], "-r") == 0) {
      is_raw = true;
    } else if (strcmp(arguments[first], "-p") == 0 && first + 1 < count) {
      fputs(arguments[++first], stderr);
    } else {
      complain("usage: read [-r] [-p PROMPT] NAME...");
      return 2;
    }
  }
  struct text line = {.arena = &shell.scratch};
  bool is_whole = read_line(&line, is_raw);
  const char *separators = variable_get("IFS");
  if (separators == NULL)
    separators = " \t\n";
  char *rest = text_finish(&line);
  rest += strspn(rest, separators);
  for (int i = first; i < count; i++) {
    size_t length = strcspn(rest, separators);
    if (i == count - 1) { // the last one gets the rest
      length = strlen(rest);
      while (length > 0 && strchr(separators, rest[length - 1]) != NULL)
        length--;
    }
    if (!variable_set(arguments[i], arena_copy(&shell.scratch, rest, length)))
      return 2;
    rest += length;
    rest += strspn(rest, separators);
  }
  return is_whole ? 0 : 1;
}

static int umask_command(int count, char **arguments) {
  if (count == 1) {
    mode_t mask = umask(0);
    umask(mask);
    printf("%04o\n", mask);
    return 0;
  }
  char *end;
  unsigned long mask = strtoul(arguments[1], &end, 8);
  if (*end != 0 || mask > 0777) {
    complain("umask: %s is not an octal number up to 777", arguments[1]);
    return 1;
  }
  umask((mode_t)mask);
  return 0;
}

// %1 becomes the number of the job's process group, negative as kill(2) wants it.
static int kill_command(int count, char **arguments) {
  for (int i = 1; i < count; i++) {
    if (*arguments[i] != '%')
      continue;
    pid_t group = job_group(arguments[i]);
    if (group == 0)
      return 1;
    arguments[i] = arena_format(&shell.scratch, "-%d", group);
  }
  return send_signal(count, arguments);
}

static int type_command(int count, char **arguments) {
  int status = 0;
  for (int i = 1; i < count; i++) {
    char *path;
    if (function_get(arguments[i]) != NULL)
      printf("%s is a function\n", arguments[i]);
    else if (find_builtin(arguments[i]) != NULL)
      printf("%s is built into the shell\n", arguments[i]);
    else if ((path = find_program(arguments[i])) != NULL && access(path, X_OK) == 0)
      printf("%s is %s\n", arguments[i], path);
    else
      complain("%s: not found", arguments[i]), status = 127;
  }
  return status;
}

// Runs a command, but no function; with -v, says only what it is.
static int command_command(int count, char **arguments) {
  if (count > 2 && strcmp(arguments[1], "-v") == 0) {
    bool is_inside = function_get(arguments[2]) != NULL || find_builtin(arguments[2]) != NULL;
    char *path = is_inside ? arguments[2] : find_program(arguments[2]);
    if (path == NULL || (!is_inside && access(path, X_OK) != 0))
      return 127;
    puts(path);
    return 0;
  }
  if (count == 1)
    return 0;
  const struct builtin *builtin = find_builtin(arguments[1]);
  if (builtin != NULL)
    return builtin->run(count - 1, arguments + 1);
  struct job *job = job_begin(arguments[1], true);
  if (job_fork(job) == 0) {
    execute_program(arguments + 1);
    _exit(shell.status);
  }
  return job_wait(job);
}

static int help_command(int count, char **arguments);

static const struct builtin builtins[] = {
    {".", "FILE", dot_command},
    {":", "", nothing_command},
    {"[", "EXPRESSION ]", condition_command},
    {"bg", "[%JOB]", bg_command},
    {"break", "[LOOPS]", break_command},
    {"cd", "[FOLDER | -]", cd_command},
    {"command", "[-v] NAME [ARGUMENT...]", command_command},
    {"continue", "[LOOPS]", continue_command},
    {"echo", "[-n] [-e] [TEXT...]", echo_command},
    {"eval", "[WORD...]", eval_command},
    {"exec", "[NAME [ARGUMENT...]]", exec_command},
    {"exit", "[STATUS]", exit_command},
    {"export", "[-n] [NAME[=VALUE]...]", export_command},
    {"false", "", false_command},
    {"fg", "[%JOB]", fg_command},
    {"help", "", help_command},
    {"history", "", history_command},
    {"jobs", "[-p]", jobs_command},
    {"kill", "[-SIGNAL | -l] PID | %JOB...", kill_command},
    {"local", "NAME[=VALUE]...", local_command},
    {"printf", "FORMAT [ARGUMENT...]", printf_command},
    {"pwd", "", pwd_command},
    {"read", "[-r] [-p PROMPT] NAME...", read_command},
    {"readonly", "[NAME[=VALUE]...]", readonly_command},
    {"return", "[STATUS]", return_command},
    {"set", "[-efux] [+efux] [-- WORD...]", set_command},
    {"shift", "[STEPS]", shift_command},
    {"test", "EXPRESSION", condition_command},
    {"trap", "[ACTION SIGNAL...]", trap_command},
    {"true", "", nothing_command},
    {"type", "NAME...", type_command},
    {"umask", "[MASK]", umask_command},
    {"unset", "[-f] NAME...", unset_command},
    {"wait", "[PID | %JOB]...", wait_command},
};

#define BUILTIN_COUNT (sizeof builtins / sizeof builtins[0])

const struct builtin *find_builtin(const char *name) {
  for (size_t i = 0; i < BUILTIN_COUNT; i++) {
    if (strcmp(builtins[i].name, name) == 0)
      return &builtins[i];
  }
  return NULL;
}

static int is_visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

static void list_programs(const char *folder) {
  struct dirent **entries;
  int count = scandir(folder, &entries, is_visible, alphasort);
  if (count <= 0)
    return;
  printf("\nPrograms in %s:", folder);
  for (int i = 0; i < count; i++) {
    printf("%s%-13s", i % 6 == 0 ? "\n  " : "", entries[i]->d_name);
    free(entries[i]);
  }
  free(entries);
  putchar('\n');
}

static int help_command(int count, char **arguments) {
  (void)count, (void)arguments;
  puts("A command is a program or one of these, built into the shell:");
  for (size_t i = 0; i < BUILTIN_COUNT; i++) {
    const struct builtin *builtin = &builtins[i];
    printf("  %-8s %-28s%s", builtin->name, builtin->usage, i % 2 == 1 || i == BUILTIN_COUNT - 1 ? "\n" : "");
  }
  puts("\nCommands are joined and controlled by\n"
       "  A | B   A && B   A || B   A ; B   A &   ! A   time A   (A)   { A; }\n"
       "  A < FILE   A > FILE   A >> FILE   A 2> FILE   A 2>&1   A << WORD\n"
       "  if A; then B; elif C; then D; else E; fi     while A; do B; done\n"
       "  for NAME in WORDS; do B; done                until A; do B; done\n"
       "  case WORD in PATTERN) A;; esac               NAME() { A; }\n"
       "Ctrl-C ends a program, Ctrl-Z stops it, fg and bg let it go on.");
  const char *path = variable_get("PATH");
  while (path != NULL && *path != 0) {
    size_t length = strcspn(path, ":");
    list_programs(arena_copy(&shell.scratch, path, length));
    path += length + (path[length] == ':');
  }
  return 0;
}
