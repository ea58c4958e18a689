#pragma once
// Signals by name.

// "TERM" for 15; the number in digits when it has no name. Valid until the next call.
const char *signal_name(int number);
// 15 for "15", "TERM", "SIGTERM" and "term"; -1 when there is no such signal.
int signal_number(const char *name);
// Prints all names, some in a line.
void print_signal_names(void);
