// The server's own threads: all receive on one endpoint, and hold one lock while they work.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Around whatever may take long: calls of other servers that wait for a disk. Before it lets go, a thread
// sees to it that another one listens.
void server_release(void);
void server_acquire(void);

// The endpoint that processes call.
uint64_t server_endpoint(void);

// Has the thread that waits for deadlines look at them again.
void server_deadline_changed(void);

// Ends the machine's run.
void server_power(bool reboot, int status);

// Ends the server that the kernel knows by that id; the supervisor starts it anew. Returns 0 or an error.
int64_t server_end(uint64_t id);
