// The scenes of `services`. Each starts its servers in the current folder, and ends them.
#pragma once

#include <stdbool.h>

// Three clients at once, and servers that serve them one after another, in processes and in threads.
void scene_concurrency(void);

// A file server that is killed and started again while a client reads.
void scene_restart(void);

// Services that run only when somebody wants them.
void scene_superserver(void);

// Prints "ok WHAT" or "FAILED WHAT" and counts the latter.
void check(bool good, const char *what);
