#pragma once
// What all parts of the shell share: what it is, and how the command that runs is to go on.

#include "arena.h"
#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

// The shell's own descriptors lie above those that commands use by number.
#define FIRST_OWN_DESCRIPTOR 10

// Why the commands that would come next are not executed.
enum leaving { LEAVING_NOTHING, LEAVING_LOOP, LEAVING_ROUND, LEAVING_FUNCTION, LEAVING_SHELL };

struct shell {
  const char *name;      // $0
  char **arguments;      // $1 and on, NULL-terminated
  int argument_count;    // $#
  int status;            // $?
  pid_t pid;             // $$: stays the same in subshells
  pid_t last_background; // $!
  bool is_interactive;   // prompts, and lives on after errors
  bool exits_on_failure; // set -e
  bool refuses_unset;    // set -u
  bool traces;           // set -x
  bool keeps_patterns;   // set -f
  int ignored_failures;  // how many conditions we are in, where set -e does not count
  enum leaving leaving;
  int leaving_levels;                   // how many loops break and continue still have to leave
  int loops, functions;                 // how many we are in
  volatile sig_atomic_t is_interrupted; // Ctrl-C: everything is given up, back to the prompt
  struct arena scratch; // words being expanded; whoever begins a command marks it and releases it
};

extern struct shell shell;

// Says "NAME: ..." on standard error.
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Same, for an error after which a shell that is not interactive ends. Sets the status to 2.
void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Whether execution must go on to the end of the construct that is being left.
static inline bool is_leaving(void) { return shell.leaving != LEAVING_NOTHING || shell.is_interrupted; }
