#pragma once
// The files a tool reads: those that are named, or standard input.

#include <stdio.h>

// Calls `use` with every file in the NULL-terminated `names`, open for reading; with standard input for "-"
// and when there are no names. Returns the highest of 0, what `use` returned, and 1, after a message, when
// one cannot be read.
int for_each_input(char **names, int (*use)(FILE *file, const char *name));

// The next line without its newline, in memory that the next call reuses; NULL at the end.
char *next_line(FILE *file);
