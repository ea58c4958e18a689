// Checks, and the counts of the system before and after.
#pragma once

#include "lib/ipc.h"
#include <stdbool.h>

// Notes whether it holds; if not, says where. Returns the condition.
#define check(condition) check_holds((condition), __FILE__, __LINE__, #condition)

// Notes whether a result is what it has to be. Returns that.
#define check_equal(actual, expected)                                                                        \
  check_values((int64_t)(actual), (int64_t)(expected), __FILE__, __LINE__, #actual)

bool check_holds(bool condition, const char *file, int line, const char *text);
bool check_values(int64_t actual, int64_t expected, const char *file, int line, const char *text);

// Prints a line. At most 200 bytes.
void print_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Says how many checks there were, and switches off: with status 1 if one failed.
_Noreturn void finish(const char *subject);

// What the kernel counts.
struct system_info inventory(void);

// Every count that says what is in use is as it was.
#define check_inventory(before) check_inventory_at((before), __FILE__, __LINE__)
bool check_inventory_at(const struct system_info *before, const char *file, int line);
