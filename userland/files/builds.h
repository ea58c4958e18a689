// The three builds of the server, from one source: they differ in what they do while a request lacks
// something of the disk. Each opens the disk and serves for ever.
#pragma once

#include <stdint.h>

// Waits. One request at a time; whoever comes meanwhile waits, too.
_Noreturn void serve_single(uint64_t cache_bytes);

// A dispatcher receives and hands requests to workers, each of which waits for itself: blocking calls, and
// parallelism.
_Noreturn void serve_workers(uint64_t cache_bytes);

// Puts the request aside and takes the next one: parallelism without blocking calls, and without threads.
_Noreturn void serve_fsm(uint64_t cache_bytes);

// How often changes are written that nobody asks for, in seconds.
enum { COMMIT_SECONDS = 5 };

// A timer that signals `bit` of a notification every COMMIT_SECONDS. Ends the process where that fails.
void start_commit_timer(uint32_t notification, uint64_t bit);

// A capability that signals `bit` of a notification. Ends the process where that fails.
uint32_t signal_of(uint32_t notification, uint64_t bit);
