// Finding services, and being one.
#pragma once

#include "lib/handles.h"

// Waits until a service is known to the name server. Returns a handle of its endpoint, or an error.
int64_t service_await(const char *name);

// The same without waiting: -ENOENT when there is no such service now.
int64_t service_find(const char *name);

// Tells the supervisor that this server serves. Those that depend on it are started then.
void service_ready(void);
