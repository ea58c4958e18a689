#pragma once

// Says how a program is called, and ends it with status 2.
_Noreturn void usage(const char *text);

// Ends a program: with `status`, or, when what it printed could not be written, with 1 after a message.
_Noreturn void finish(int status);

// Says "NAME: ..." on standard error: for what both a program and a part of the shell can be, by the name it
// was called.
void complain_as(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));
