#include "jobs.h"
#include "shell.h"
#include "trap.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum state { STATE_DONE, STATE_STOPPED, STATE_RUNNING }; // a job's is the highest of its processes'

struct process {
  pid_t pid;
  enum state state;
  int result; // as waitpid reports it
};

struct job {
  int number;
  pid_t group; // 0 before the first process; without a terminal of our own, that process
  struct process *processes;
  int count;
  bool is_foreground;
  bool has_changed;     // and the user does not know yet
  struct termios modes; // the terminal's when the job was stopped
  bool has_modes;
  char *text;
  struct job *next; // ascending by number
};

static struct job *jobs;
static bool has_terminal;
static int terminal = -1;
static pid_t own_group, former_group;
static struct termios own_modes;

static const int job_signals[] = {SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGTERM};

static enum state state_of(const struct job *job) {
  enum state state = STATE_DONE;
  for (int i = 0; i < job->count; i++) {
    if (job->processes[i].state > state)
      state = job->processes[i].state;
  }
  return state;
}

static int last_result(const struct job *job) {
  return job->count == 0 ? 0 : job->processes[job->count - 1].result;
}

static int status_of_result(int result) {
  if (WIFEXITED(result))
    return WEXITSTATUS(result);
  return 128 + (WIFSTOPPED(result) ? WSTOPSIG(result) : WTERMSIG(result));
}

void jobs_control_terminal(void) {
  terminal = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, FIRST_OWN_DESCRIPTOR);
  if (terminal < 0 || tcgetattr(terminal, &own_modes) != 0)
    return;
  // Started in the background by another shell: wait until we are allowed to have the terminal.
  while ((former_group = tcgetpgrp(terminal)) >= 0 && former_group != getpgrp())
    kill(0, SIGTTIN);
  for (size_t i = 1; i < sizeof job_signals / sizeof job_signals[0]; i++)
    signal(job_signals[i], SIG_IGN);
  setpgid(0, 0); // a session leader cannot, and need not
  own_group = getpgrp();
  has_terminal = tcsetpgrp(terminal, own_group) == 0;
  if (!has_terminal)
    complain("no job control: %s", strerror(errno));
}

void jobs_leave_terminal(void) {
  if (has_terminal && former_group > 0)
    tcsetpgrp(terminal, former_group);
}

void jobs_forget(void) {
  jobs = NULL;
  has_terminal = false;
}

struct job *job_begin(const char *text, bool is_foreground) {
  struct job *job = calloc(1, sizeof *job);
  if (job == NULL || (job->text = strdup(text)) == NULL)
    abort();
  struct job **end = &jobs;
  int number = 1;
  for (; *end != NULL; end = &(*end)->next)
    number = (*end)->number + 1;
  job->number = number;
  job->is_foreground = is_foreground;
  return *end = job;
}

static void remove_job(struct job *job) {
  for (struct job **place = &jobs; *place != NULL; place = &(*place)->next) {
    if (*place != job)
      continue;
    *place = job->next;
    free(job->processes);
    free(job->text);
    free(job);
    return;
  }
}

// Both parent and child do this: whoever is first makes it true for the other one.
static void enter_group(pid_t pid, pid_t group, bool is_foreground) {
  setpgid(pid, group);
  if (is_foreground)
    tcsetpgrp(terminal, group);
}

static void begin_child(struct job *job) {
  pid_t self = getpid();
  if (has_terminal)
    enter_group(self, job->group != 0 ? job->group : self, job->is_foreground);
  traps_reset();
  for (size_t i = 0; i < sizeof job_signals / sizeof job_signals[0]; i++) {
    // Without process groups, Ctrl-C must not reach what runs in the background.
    bool is_ignored =
        !has_terminal && !job->is_foreground && (job_signals[i] == SIGINT || job_signals[i] == SIGQUIT);
    if (is_ignored)
      signal(job_signals[i], SIG_IGN);
    else if (shell.is_interactive)
      signal(job_signals[i], SIG_DFL);
  }
  if (!has_terminal && !job->is_foreground && job->group == 0) {
    int nothing = open("/dev/null", O_RDONLY);
    if (nothing > 0) {
      dup2(nothing, STDIN_FILENO);
      close(nothing);
    }
  }
  shell.is_interactive = false;
  jobs_forget();
}

pid_t job_fork(struct job *job) {
  struct process *processes = realloc(job->processes, (size_t)(job->count + 1) * sizeof *processes);
  if (processes == NULL)
    abort();
  job->processes = processes;
  fflush(stdout);
  pid_t pid = fork();
  if (pid < 0) {
    complain("no new process: %s", strerror(errno));
    return -1;
  }
  if (pid == 0) {
    begin_child(job);
    return 0;
  }
  if (job->group == 0)
    job->group = pid;
  if (has_terminal)
    enter_group(pid, job->group, job->is_foreground);
  job->processes[job->count++] = (struct process){.pid = pid, .state = STATE_RUNNING};
  return pid;
}

static void note_change(pid_t pid, int result) {
  for (struct job *job = jobs; job != NULL; job = job->next) {
    for (int i = 0; i < job->count; i++) {
      struct process *process = &job->processes[i];
      if (process->pid != pid)
        continue;
      process->result = result;
      process->state = WIFSTOPPED(result) ? STATE_STOPPED : STATE_DONE;
      job->has_changed = true;
      return;
    }
  }
}

// Waits for any child to change; false when there is none, or a signal that somebody traps came first.
static bool wait_for_change(int options) {
  int result;
  pid_t pid = waitpid(-1, &result, options | (has_terminal ? WUNTRACED : 0));
  if (pid > 0)
    note_change(pid, result);
  return pid > 0 || (pid < 0 && errno == EINTR && !traps_pending());
}

static void print_job(FILE *output, const struct job *job) {
  int result = last_result(job);
  char what[40] = "running";
  if (state_of(job) == STATE_STOPPED)
    snprintf(what, sizeof what, "stopped");
  else if (state_of(job) == STATE_DONE && WIFSIGNALED(result))
    snprintf(what, sizeof what, "%s", strsignal(WTERMSIG(result)));
  else if (state_of(job) == STATE_DONE && WEXITSTATUS(result) != 0)
    snprintf(what, sizeof what, "exit %d", WEXITSTATUS(result));
  else if (state_of(job) == STATE_DONE)
    snprintf(what, sizeof what, "done");
  fprintf(output, "[%d] %s %s\n", job->number, what, job->text);
}

static void take_terminal_back(struct job *job, bool is_stopped) {
  if (!has_terminal)
    return;
  tcsetpgrp(terminal, own_group);
  if (is_stopped) {
    job->has_modes = tcgetattr(terminal, &job->modes) == 0;
    fputc('\n', stderr);
  }
  // A program that was killed or stopped may have left the terminal as it needed it.
  if (is_stopped || WIFSIGNALED(last_result(job)))
    tcsetattr(terminal, TCSADRAIN, &own_modes);
}

int job_wait(struct job *job) {
  while (state_of(job) == STATE_RUNNING && (wait_for_change(0) || errno == EINTR))
    ;
  int result = last_result(job), status = status_of_result(result);
  bool is_stopped = state_of(job) == STATE_STOPPED;
  take_terminal_back(job, is_stopped);
  if (is_stopped) {
    job->is_foreground = false;
    job->has_changed = false;
    print_job(stderr, job);
    return status;
  }
  if (WIFSIGNALED(result) && WTERMSIG(result) == SIGINT && shell.is_interactive) {
    fputc('\n', stderr);
    shell.is_interrupted = true;
  } else if (WIFSIGNALED(result) && WTERMSIG(result) != SIGINT && WTERMSIG(result) != SIGPIPE) {
    fprintf(stderr, "%s\n", strsignal(WTERMSIG(result)));
  }
  remove_job(job);
  return status;
}

void job_release(struct job *job) {
  if (job->count == 0) {
    remove_job(job);
    return;
  }
  shell.last_background = job->processes[job->count - 1].pid;
  if (shell.is_interactive)
    fprintf(stderr, "[%d] %d\n", job->number, shell.last_background);
}

void jobs_notify(void) {
  while (wait_for_change(WNOHANG))
    ;
  for (struct job *job = jobs, *next; job != NULL; job = next) {
    next = job->next;
    if (!job->has_changed || state_of(job) == STATE_RUNNING)
      continue;
    job->has_changed = false;
    print_job(stderr, job);
    if (state_of(job) == STATE_DONE)
      remove_job(job);
  }
}

// NULL names the job that was begun, or stopped, last.
static struct job *find_job(const char *name) {
  if (name != NULL && *name == '%')
    name++;
  bool is_latest = name == NULL || *name == 0 || strcmp(name, "%") == 0 || strcmp(name, "+") == 0;
  struct job *found = NULL;
  for (struct job *job = jobs; job != NULL; job = job->next) {
    bool is_better = found == NULL || state_of(found) != STATE_STOPPED || state_of(job) == STATE_STOPPED;
    if (is_latest ? is_better : job->number == atoi(name) || strncmp(job->text, name, strlen(name)) == 0)
      found = job;
  }
  if (found == NULL)
    complain("%s: no such job", is_latest ? "current" : name);
  return found;
}

pid_t job_group(const char *name) {
  struct job *job = find_job(name);
  return job == NULL ? 0 : job->group;
}

int jobs_command(int count, char **arguments) {
  bool only_pids = count > 1 && strcmp(arguments[1], "-p") == 0;
  while (wait_for_change(WNOHANG))
    ;
  for (struct job *job = jobs, *next; job != NULL; job = next) {
    next = job->next;
    if (only_pids) {
      printf("%d\n", job->group);
      continue;
    }
    print_job(stdout, job);
    job->has_changed = false;
    if (state_of(job) == STATE_DONE)
      remove_job(job);
  }
  return 0;
}

// Has a stopped job run again, in the foreground or not.
static void continue_job(struct job *job) {
  for (int i = 0; i < job->count; i++) {
    if (job->processes[i].state == STATE_STOPPED)
      job->processes[i].state = STATE_RUNNING;
  }
  job->has_changed = false;
  kill(-job->group, SIGCONT);
}

int fg_command(int count, char **arguments) {
  struct job *job = has_terminal ? find_job(count > 1 ? arguments[1] : NULL) : NULL;
  if (!has_terminal)
    complain("fg: no job control");
  if (job == NULL)
    return 1;
  job->is_foreground = true;
  if (job->has_modes)
    tcsetattr(terminal, TCSADRAIN, &job->modes);
  tcsetpgrp(terminal, job->group);
  // Only now: who reads it may at once press a key that is meant for the job.
  fprintf(stderr, "%s\n", job->text);
  continue_job(job);
  return job_wait(job);
}

int bg_command(int count, char **arguments) {
  struct job *job = has_terminal ? find_job(count > 1 ? arguments[1] : NULL) : NULL;
  if (!has_terminal)
    complain("bg: no job control");
  if (job == NULL)
    return 1;
  job->is_foreground = false;
  continue_job(job);
  print_job(stderr, job);
  return 0;
}

static struct job *job_of_process(pid_t pid) {
  for (struct job *job = jobs; job != NULL; job = job->next) {
    for (int i = 0; i < job->count; i++) {
      if (job->processes[i].pid == pid)
        return job;
    }
  }
  return NULL;
}

// Waits for a background job; 128 + the signal when one came that is trapped, or Ctrl-C.
static int wait_for_job(struct job *job) {
  while (state_of(job) == STATE_RUNNING) {
    if (!wait_for_change(0) || shell.is_interrupted)
      return shell.is_interrupted ? 128 + SIGINT : 128 + traps_pending();
  }
  int status = status_of_result(last_result(job));
  if (state_of(job) == STATE_DONE)
    remove_job(job);
  return status;
}

int wait_command(int count, char **arguments) {
  int status = 0;
  for (int i = 1; i < count; i++) {
    struct job *job = *arguments[i] == '%' ? find_job(arguments[i]) : job_of_process(atoi(arguments[i]));
    status = job == NULL ? 127 : wait_for_job(job);
  }
  if (count > 1)
    return status;
  for (struct job *job = jobs, *next; job != NULL; job = next) {
    next = job->next;
    if (state_of(job) != STATE_STOPPED && wait_for_job(job) >= 128 &&
        (shell.is_interrupted || traps_pending()))
      return 128 + (shell.is_interrupted ? SIGINT : traps_pending());
  }
  return 0;
}
