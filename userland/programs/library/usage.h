#pragma once

// Says how a program is called, and ends it with status 2.
_Noreturn void usage(const char *text);

// Ends a program: with `status`, or, when what it printed could not be written, with 1 after a message.
_Noreturn void finish(int status);
