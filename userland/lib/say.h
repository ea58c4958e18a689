#pragma once

// Prints a line on the firmware's console: the program's name, the text, a line feed. At most 256 bytes.
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

// The same, and ends the process.
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
