// The superserver's configuration: a service per line, `#` for comments,
//
//   NAME SOCKET wait|nowait PROGRAM ARGUMENT...
//
// where SOCKET is a path, and PROGRAM one too or looked for in $PATH.
#pragma once

#include "service.h"

enum { SERVICES = 32 };

// Reads the file at `path` into `services`; sockets lie in `folder` unless their paths begin with a slash.
// Returns how many, or -1 after having said on stderr what is wrong and where.
int configuration_read(const char *path, const char *folder, struct service services[SERVICES]);
