// Runs a program to its end, which may be a bad one.
#pragma once

#include <stddef.h>

enum ending {
  ENDED_WELL,
  // With THREAD_DEADLOCK_STATUS of userland/threads/thread.h.
  ENDED_DEADLOCKED,
  ENDED_KILLED,
  // It said nothing for so long that it was killed.
  ENDED_HUNG,
  ENDED_OTHERWISE,
};

// One word for it.
const char *ending_name(enum ending ending);

// Runs `program` with one argument, or none if that is null, and keeps the beginning of what it says in
// `output`, which has room for `bytes` and is terminated. With an argument it keeps its errors to itself.
enum ending run(const char *program, const char *argument, char *output, size_t bytes);
