// What `threads` has every implementation of thread.h show. Each function prints lines of a key and a value,
// separated by the first ": ", which `threads` puts side by side.
#pragma once

// Puts the implementation this program is linked with through everything below; or, if `what` is not null but
// "deadlock" or "overflow", through that catastrophe.
_Noreturn void demonstrate(char *what);

// How many of WORKERS threads got anything done while one more thread waited in read() and in thread_read().
void show_blocking_read(void);

// A bounded buffer between producers and consumers: mutex and condition variables.
void show_bounded_buffer(void);

// That threads keep what is theirs: registers, rounding mode, thread-specific values, and that sleepers wake
// in order.
void show_independence(void);

// What things cost, in the unit that is printed first.
void show_costs(void);

// Two threads that wait for each other's mutex. The user-level implementations end the program; else it
// hangs.
void deadlock(void);

// A thread that outgrows its stack, which must kill the program.
void overflow(void);

// Prints `message` and ends the program when `condition` does not hold.
void require(_Bool condition, const char *message);

// Prints the line "KEY: ok" or "KEY: FAILED".
void verdict(const char *key, _Bool good);
