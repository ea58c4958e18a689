// The servers: which there are, and what becomes of them.
#pragma once

#include "lib/ipc.h"
#include "machine.h"
#include <stdbool.h>

// The label, as a badge of the supervisor's endpoint, of server `index`; not 0.
#define SERVER_BADGE(index) ((uint64_t)(index) + 1)

// Creates the services' endpoints. `supervisor` is the endpoint that servers get to speak to us, `ends` the
// notification that gets bit i when server i has ended.
void servers_open(const struct initrd *initrd, handle_t supervisor, handle_t ends);

// Starts the first server; the others follow as each says that it is ready.
void servers_start(void);

// A server has said so.
void server_is_ready(unsigned index);

// Servers have ended: bits by index. Restarts them.
void servers_ended(uint64_t bits);

// Ends the server that is the process of that id; it is started anew when it has ended. Returns 0 or -ESRCH.
int64_t servers_end(uint64_t id);

// Whether the server may end others, and switch
// the machine off.
bool server_has_power(unsigned index);
