// Futexes: threads that wait at a word of memory. The word is compared under the server's lock, and every
// wake comes here too, so none is missed.
#pragma once

#include "calls.h"

struct space;

// Wakes up to `most` threads that wait at an address. Returns how many.
int64_t futex_wake(struct space *space, uint64_t address, uint32_t most);

// Takes a thread out of the futex it waits at. That it has been woken is remembered until its call is tried
// again (task->futex stays), or forgotten.
void futex_leave(struct task *task);
void futex_forget(struct task *task);

// Whether only another thread of the process can wake this one: it waits for a lock that other processes do
// not see, without a deadline.
bool futex_awaits_sibling(const struct task *task);

// The thread that holds the lock a futex is, if its word names one as musl's error-checking and recursive
// mutexes do; or NULL.
const struct task *futex_owner(const struct task *task);
