#pragma once
// Signals the shell itself gets, and what `trap` asked to do about them.

// Ctrl-C at an interactive shell gives up the command, not the shell.
void traps_start(void);
// In a new child: signals that were trapped do again what they did before.
void traps_reset(void);
// The number of a trapped signal that has come, or 0.
int traps_pending(void);
// Executes the actions of the signals that have come.
void traps_run(void);
// Executes the action of EXIT, once.
void traps_run_exit(void);

int trap_command(int count, char **arguments);
