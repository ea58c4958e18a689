#include "execute.h"
#include "builtins.h"
#include "expand.h"
#include "jobs.h"
#include "parser.h"
#include "redirect.h"
#include "shell.h"
#include "trap.h"
#include "variables.h"
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// What a process may do when it comes to a program: go on afterwards, or become that program.
enum afterwards { GOES_ON, ENDS };

static void execute_command(struct node *node, const char *text, enum afterwards afterwards);

void leave_shell(void) {
  traps_run_exit();
  fflush(stdout);
  _exit(shell.status);
}

// Executes a whole tree in a process that was forked for it.
static _Noreturn void execute_and_leave(struct node *node) {
  execute(node);
  leave_shell();
}

char *find_program(const char *name) {
  if (strchr(name, '/') != NULL)
    return arena_string(&shell.scratch, name);
  const char *path = variable_get("PATH");
  int error = ENOENT;
  for (const char *folder = path == NULL ? "/bin:/usr/bin" : path; folder != NULL;) {
    int length = (int)strcspn(folder, ":");
    char *candidate = arena_format(&shell.scratch, "%.*s%s%s", length, folder, length == 0 ? "" : "/", name);
    struct stat status;
    if (stat(candidate, &status) == 0 && S_ISREG(status.st_mode)) {
      if (access(candidate, X_OK) == 0)
        return candidate;
      error = EACCES;
    }
    folder = folder[length] == 0 ? NULL : folder + length + 1;
  }
  errno = error;
  return NULL;
}

// A file without a header that the system knows: commands for this shell, which becomes a new one for them.
static void execute_script(const char *path, char **words) {
  int script = open_script(path);
  if (script < 0)
    return;
  shell.name = path;
  shell.arguments = words + 1;
  for (shell.argument_count = 0; shell.arguments[shell.argument_count] != NULL;)
    shell.argument_count++;
  shell.loops = shell.functions = shell.status = 0;
  struct input input = input_from_file(script);
  execute_input(&input);
  leave_shell();
}

void execute_program(char **words) {
  char *path = find_program(words[0]);
  if (path != NULL) {
    fflush(stdout);
    execve(path, words, variables_environment(&shell.scratch));
    if (errno == ENOEXEC)
      execute_script(path, words);
  }
  shell.status = errno == ENOENT ? 127 : 126;
  complain("%s: %s", words[0],
           errno == ENOENT && strchr(words[0], '/') == NULL ? "not found" : strerror(errno));
}

static void trace(char **words) {
  fputc('+', stderr);
  for (; *words != NULL; words++)
    fprintf(stderr, " %s", *words);
  fputc('\n', stderr);
}

// Splits NAME=WORD, expands the word and hands both on.
static bool assign(char *assignment, bool (*set)(const char *name, const char *value)) {
  char *equals = strchr(assignment, '=');
  char *value = expand_word(equals + 1);
  return value != NULL && set(arena_copy(&shell.scratch, assignment, (size_t)(equals - assignment)), value);
}

static bool assign_all(char **assignments, bool (*set)(const char *name, const char *value)) {
  for (; *assignments != NULL; assignments++) {
    if (!assign(*assignments, set))
      return false;
  }
  return true;
}

static bool set_for_command(const char *name, const char *value) {
  return variable_make_local(name, value) && variable_export(name, NULL);
}

void execute_function(struct node *body, char **words) {
  char **arguments = shell.arguments;
  int count = shell.argument_count, loops = shell.loops;
  shell.arguments = words + 1;
  for (shell.argument_count = 0; shell.arguments[shell.argument_count] != NULL;)
    shell.argument_count++;
  shell.loops = 0;
  shell.functions++;
  int locals = locals_begin();
  execute_command(body, words[0], GOES_ON);
  locals_end(locals);
  shell.functions--;
  shell.loops = loops;
  shell.arguments = arguments;
  shell.argument_count = count;
  if (shell.leaving == LEAVING_FUNCTION)
    shell.leaving = LEAVING_NOTHING;
}

// A builtin or a function: runs in the shell itself, with redirections and assignments for as long as it
// runs.
static void execute_inside(struct node *node, char **words, const struct builtin *builtin,
                           struct node *function) {
  struct saved_descriptors saved;
  int locals = locals_begin();
  bool is_permanent = builtin != NULL && builtin->run == exec_command;
  if (!assign_all(node->assignments, set_for_command)) {
    shell.status = 1;
  } else if (!redirect(node->redirections, is_permanent ? NULL : &saved)) {
    shell.status = 1;
  } else if (function != NULL) {
    execute_function(function, words);
  } else {
    int count = 0;
    while (words[count] != NULL)
      count++;
    shell.status = builtin->run(count, words);
    if (fflush(stdout) != 0 || ferror(stdout)) {
      complain("%s: %s", words[0], strerror(errno));
      clearerr(stdout);
      shell.status = 1;
    }
  }
  if (!is_permanent)
    redirect_back(&saved);
  if (*node->assignments != NULL) // or else those that `local` has just made would end here
    locals_end(locals);
}

// Becomes a program, in a process made for it.
static _Noreturn void become_program(struct node *node, char **words) {
  if (!assign_all(node->assignments, variable_export) || !redirect(node->redirections, NULL))
    _exit(1);
  execute_program(words);
  _exit(shell.status);
}

static void execute_simple(struct node *node, const char *text, enum afterwards afterwards) {
  if (node->words[0] == NULL)
    shell.status = 0; // unless a substitution in an assignment fails
  char **words = expand_words(node->words);
  if (words == NULL) {
    shell.status = shell.status == 0 ? 1 : shell.status;
    return;
  }
  if (words[0] == NULL) {
    struct saved_descriptors saved;
    bool is_done = assign_all(node->assignments, variable_set);
    if (!redirect(node->redirections, &saved) || !is_done)
      shell.status = 1;
    redirect_back(&saved);
    return;
  }
  if (shell.traces)
    trace(words);
  struct node *function = function_get(words[0]);
  const struct builtin *builtin = find_builtin(words[0]);
  if (function != NULL || builtin != NULL) {
    execute_inside(node, words, builtin, function);
    return;
  }
  if (afterwards == ENDS)
    become_program(node, words);
  struct job *job = job_begin(text, true);
  if (job_fork(job) == 0)
    become_program(node, words);
  shell.status = job_wait(job);
}

static void execute_if(struct node *node) {
  shell.ignored_failures++;
  execute(node->condition);
  shell.ignored_failures--;
  if (is_leaving())
    return;
  struct node *branch = shell.status == 0 ? node->left : node->right;
  shell.status = 0;
  if (branch != NULL)
    execute(branch);
}

// After a round of a loop: whether there is to be another one, as far as break, continue and the like have a
// say.
static bool goes_round(void) {
  if (shell.leaving != LEAVING_LOOP && shell.leaving != LEAVING_ROUND)
    return !is_leaving();
  if (--shell.leaving_levels > 0)
    return false;
  bool is_another = shell.leaving == LEAVING_ROUND;
  shell.leaving = LEAVING_NOTHING;
  return is_another;
}

static void execute_while(struct node *node) {
  int status = 0;
  shell.loops++;
  for (;;) {
    shell.ignored_failures++;
    execute(node->condition);
    shell.ignored_failures--;
    bool is_wanted = (shell.status == 0) == (node->kind == NODE_WHILE);
    if (is_leaving() ? !goes_round() : !is_wanted)
      break;
    execute(node->left);
    status = shell.status;
    if (!goes_round())
      break;
  }
  shell.loops--;
  if (!is_leaving())
    shell.status = status;
}

static void execute_for(struct node *node) {
  char **words = node->has_words ? expand_words(node->words) : shell.arguments;
  if (words == NULL) {
    shell.status = 1;
    return;
  }
  shell.status = 0;
  shell.loops++;
  for (; *words != NULL; words++) {
    if (!variable_set(node->name, *words)) {
      shell.status = 1;
      break;
    }
    execute(node->left);
    if (!goes_round())
      break;
  }
  shell.loops--;
}

static void execute_case(struct node *node) {
  char *word = expand_word(node->name);
  shell.status = word == NULL ? 1 : 0;
  for (struct case_item *item = node->items; word != NULL && item != NULL; item = item->next) {
    for (char **pattern = item->patterns; *pattern != NULL; pattern++) {
      char *expanded = expand_pattern(*pattern);
      if (expanded == NULL || fnmatch(expanded, word, 0) != 0)
        continue;
      if (item->body != NULL)
        execute(item->body);
      return;
    }
  }
}

static void execute_subshell(struct node *node, const char *text, enum afterwards afterwards) {
  if (afterwards == ENDS)
    execute_and_leave(node->left);
  struct job *job = job_begin(text, true);
  if (job_fork(job) == 0)
    execute_and_leave(node->left);
  shell.status = job_wait(job);
}

static void execute_compound(struct node *node, const char *text, enum afterwards afterwards) {
  switch (node->kind) {
  case NODE_SUBSHELL:
    execute_subshell(node, text, afterwards);
    break;
  case NODE_IF:
    execute_if(node);
    break;
  case NODE_WHILE:
  case NODE_UNTIL:
    execute_while(node);
    break;
  case NODE_FOR:
    execute_for(node);
    break;
  case NODE_CASE:
    execute_case(node);
    break;
  case NODE_FUNCTION:
    function_set(node->name, node->left);
    shell.status = 0;
    break;
  default:
    execute(node->left);
  }
}

static void execute_command(struct node *node, const char *text, enum afterwards afterwards) {
  struct arena_mark mark = arena_mark(&shell.scratch);
  if (node->kind == NODE_SIMPLE) {
    execute_simple(node, text, afterwards);
  } else if (node->redirections == NULL) {
    execute_compound(node, text, afterwards);
  } else {
    struct saved_descriptors saved;
    if (redirect(node->redirections, &saved))
      execute_compound(node, text, afterwards);
    else
      shell.status = 1;
    redirect_back(&saved);
  }
  arena_release(&shell.scratch, mark);
}

static _Noreturn void execute_in_pipeline(struct node *node, int input, int output) {
  if (input >= 0) {
    dup2(input, STDIN_FILENO);
    close(input);
  }
  if (output >= 0) {
    dup2(output, STDOUT_FILENO);
    close(output);
  }
  execute_command(node, "", ENDS);
  leave_shell();
}

// Starts a process for each command, each reading what the one before it writes.
static void start_pipeline(struct job *job, struct node **commands) {
  int input = -1;
  for (; *commands != NULL; commands++) {
    int ends[2] = {-1, -1};
    if (commands[1] != NULL && pipe(ends) != 0) {
      complain("no pipe: %s", strerror(errno));
      break;
    }
    pid_t pid = job_fork(job);
    if (pid == 0) {
      if (ends[0] >= 0)
        close(ends[0]);
      execute_in_pipeline(*commands, input, ends[1]);
    }
    if (input >= 0)
      close(input);
    if (ends[1] >= 0)
      close(ends[1]);
    input = ends[0];
    if (pid < 0)
      break;
  }
  if (input >= 0)
    close(input);
}

static double seconds(struct timeval time) { return (double)time.tv_sec + (double)time.tv_usec / 1e6; }

static void print_times(struct timespec start, struct rusage own, struct rusage children) {
  struct timespec end;
  struct rusage own_end, children_end;
  clock_gettime(CLOCK_MONOTONIC, &end);
  getrusage(RUSAGE_SELF, &own_end);
  getrusage(RUSAGE_CHILDREN, &children_end);
  double real = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
  double user = seconds(own_end.ru_utime) - seconds(own.ru_utime) + seconds(children_end.ru_utime) -
                seconds(children.ru_utime);
  double system = seconds(own_end.ru_stime) - seconds(own.ru_stime) + seconds(children_end.ru_stime) -
                  seconds(children.ru_stime);
  fprintf(stderr, "real %.3f\nuser %.3f\nsys  %.3f\n", real, user, system);
}

static void execute_commands(struct node *pipeline) {
  if (pipeline->commands[1] == NULL) {
    execute_command(pipeline->commands[0], pipeline->text, GOES_ON);
    return;
  }
  struct job *job = job_begin(pipeline->text, true);
  start_pipeline(job, pipeline->commands);
  shell.status = job_wait(job);
}

static void execute_pipeline(struct node *node) {
  shell.ignored_failures += node->is_inverted;
  if (node->is_timed) {
    struct timespec start;
    struct rusage own, children;
    clock_gettime(CLOCK_MONOTONIC, &start);
    getrusage(RUSAGE_SELF, &own);
    getrusage(RUSAGE_CHILDREN, &children);
    execute_commands(node);
    print_times(start, own, children);
  } else {
    execute_commands(node);
  }
  shell.ignored_failures -= node->is_inverted;
  if (node->is_inverted)
    shell.status = shell.status == 0;
  else if (shell.exits_on_failure && shell.status != 0 && shell.ignored_failures == 0 && !is_leaving())
    shell.leaving = LEAVING_SHELL;
}

// The text of a list is that of its first pipeline.
static const char *text_of(const struct node *node) {
  while (node->kind != NODE_PIPELINE)
    node = node->left;
  return node->text;
}

static void execute_background(struct node *node) {
  struct job *job = job_begin(text_of(node), false);
  if (node->kind == NODE_PIPELINE && !node->is_inverted && !node->is_timed)
    start_pipeline(job, node->commands);
  else if (job_fork(job) == 0)
    execute_and_leave(node);
  job_release(job);
  shell.status = 0;
}

static void execute_and_or(struct node *node) {
  shell.ignored_failures++;
  execute(node->left);
  shell.ignored_failures--;
  if (!is_leaving() && (shell.status == 0) == (node->kind == NODE_AND))
    execute(node->right);
}

void execute(struct node *node) {
  if (traps_pending())
    traps_run();
  switch (node->kind) {
  case NODE_SEQUENCE:
    execute(node->left);
    if (!is_leaving())
      execute(node->right);
    break;
  case NODE_AND:
  case NODE_OR:
    execute_and_or(node);
    break;
  case NODE_BACKGROUND:
    execute_background(node->left);
    break;
  case NODE_PIPELINE:
    execute_pipeline(node);
    break;
  default:
    execute_command(node, "", GOES_ON);
  }
}

void execute_input(struct input *input) {
  while (shell.leaving == LEAVING_NOTHING) {
    if (input->kind == INPUT_TERMINAL)
      jobs_notify();
    struct arena tree = {0};
    struct parsed parsed = parse(input, &tree);
    if (parsed.result == PARSE_COMMAND)
      execute(parsed.command);
    else if (parsed.result == PARSE_ERROR)
      shell.status = 2;
    if (traps_pending())
      traps_run();
    if (shell.is_interrupted && input->kind == INPUT_TERMINAL) {
      shell.is_interrupted = false;
      shell.ignored_failures = 0;
      shell.status = 128 + SIGINT;
    }
    if (!parsed.defines_function)
      arena_free(&tree);
    bool is_fatal = parsed.result == PARSE_ERROR && input->kind != INPUT_TERMINAL;
    if (parsed.result == PARSE_END || is_fatal || shell.is_interrupted)
      return;
  }
}

static char *read_all(int descriptor) {
  struct text text = {.arena = &shell.scratch};
  char buffer[4096];
  ssize_t got;
  while ((got = read(descriptor, buffer, sizeof buffer)) > 0 ||
         (got < 0 && errno == EINTR && !shell.is_interrupted)) {
    for (ssize_t i = 0; i < got; i++) {
      if (buffer[i] != 0)
        text_add(&text, buffer[i]);
    }
  }
  return text_finish(&text);
}

char *command_output(const char *command) {
  int ends[2];
  fflush(stdout);
  pid_t pid = pipe(ends) == 0 ? fork() : -1;
  if (pid < 0) {
    complain("no new process: %s", strerror(errno));
    shell.status = 1;
    return arena_string(&shell.scratch, "");
  }
  if (pid == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    // It stays in the shell's process group: Ctrl-C ends it.
    traps_reset();
    jobs_forget();
    signal(SIGINT, SIG_DFL);
    shell.is_interactive = false;
    struct input input = input_from_string(command);
    execute_input(&input);
    leave_shell();
  }
  close(ends[1]);
  char *output = read_all(ends[0]);
  close(ends[0]);
  int result = 0;
  while (waitpid(pid, &result, 0) < 0 && errno == EINTR)
    ;
  shell.status = WIFEXITED(result) ? WEXITSTATUS(result) : 128 + WTERMSIG(result);
  return output;
}
