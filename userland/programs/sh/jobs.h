#pragma once
// Pipelines as the user sees them: jobs, each a process group of its own when a terminal is shared among
// them.

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct job;

// Takes the terminal: from now on every job has its own process group, and one of them at a time the
// terminal.
void jobs_control_terminal(void);
// Gives the terminal back to whoever had it.
void jobs_leave_terminal(void);
// In a new child: the jobs are the parent's, not ours.
void jobs_forget(void);

struct job *job_begin(const char *text, bool is_foreground);
// Forks a process of the job; returns 0 in the child, and -1, after a message, on failure.
pid_t job_fork(struct job *job);
// Waits until a foreground job has ended or was stopped, and takes the terminal back; its status.
int job_wait(struct job *job);
// Lets a background job run; tells its number.
void job_release(struct job *job);

// Tells which background jobs have ended or stopped since the last time.
void jobs_notify(void);

// The process group of the job that %1, %%, %+ or %text names; 0, after a message, when there is none.
pid_t job_group(const char *name);

int jobs_command(int count, char **arguments);
int fg_command(int count, char **arguments);
int bg_command(int count, char **arguments);
int wait_command(int count, char **arguments);
