// Reads a line from the console, which hands over every byte as it is typed.
#pragma once

#include <stddef.h>

#define LINE_BYTES 128

// Prompts, and edits what is typed until Return: Backspace erases a character, Ctrl-U the line, Ctrl-C gives
// it up. The line comes back without its end and may be empty.
void read_line(const char *prompt, char line[LINE_BYTES]);
