// Servers and clients as children of this program. Those that cannot be started end it.
#pragma once

#include <stdbool.h>
#include <sys/types.h>

// Starts a program with its arguments, the last of which is followed by null; the first is its name. Its
// stdout goes to the file `output`, unless that is null, and its stderr to `errors` likewise.
pid_t child_start(const char *const *arguments, const char *output, const char *errors);

// Waits for its end; its exit status, or -1 when a signal killed it.
int child_wait(pid_t child);

// Kills it without asking, and waits.
void child_kill(pid_t child);

// Waits until somebody listens at `path`, a few seconds at most; whether somebody does.
bool wait_for_server(const char *path);

void wait_milliseconds(unsigned milliseconds);
