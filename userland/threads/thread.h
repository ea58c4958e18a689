// Threads for programs: one interface, three implementations, of which a program is linked with one.
//
//   many-to-one    all threads on one kernel thread
//   one-to-one     each thread is a kernel thread
//   many-to-many   all threads on a few kernel threads, which carry them in turns
//
// Where threads share a kernel thread nothing preempts them: they change places in these functions and
// nowhere else. Functions that can fail return a negative error number and leave errno alone: a thread may be
// on another kernel thread when it returns, and musl lets the compiler remember where errno lies.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "thread_types.h"

struct thread;

enum {
  // The most keys for thread-specific values.
  THREAD_KEYS = 16,
  // The status a program ends with when all its threads wait for each other: Linux's EDEADLK.
  THREAD_DEADLOCK_STATUS = 35,
};

// Runs `first(argument)` as the first thread and ends the program with what it returns, whoever else still
// runs.
_Noreturn void threads_run(int (*first)(void *argument), void *argument);

// Which implementation this is: "many-to-one", "one-to-one", "many-to-many".
const char *threads_model(void);

// How many threads may run at the same moment; at first the number of processors. Many-to-many alone heeds
// it.
void threads_set_concurrency(unsigned threads);

// Starts a thread that runs `start(argument)`. Errors: -EAGAIN, -ENOMEM.
int thread_create(struct thread **thread, void *(*start)(void *argument), void *argument);

// Ends the calling thread, as does a return from its `start`.
_Noreturn void thread_exit(void *result);

// Waits until `thread` has ended and frees it. `result` may be null. Errors: -EINVAL when it is detached or
// joined.
int thread_join(struct thread *thread, void **result);

// Has `thread` freed when it ends; nobody may join it.
void thread_detach(struct thread *thread);

// Lets the other runnable threads have their turn.
void thread_yield(void);

// The calling thread.
struct thread *thread_self(void);

// A small number that no other thread of the program has had; the first thread's is 1.
unsigned thread_number(const struct thread *thread);

// Waits for at least so long.
void thread_sleep(uint64_t nanoseconds);

// Makes a key whose value is null in every thread. Errors: -EAGAIN when there are THREAD_KEYS.
int thread_key_create(unsigned *key);
void thread_set_value(unsigned key, void *value);
void *thread_value(unsigned key);

// As read, write and accept, but only the calling thread waits. Results as of the system call, or -errno.
ssize_t thread_read(int descriptor, void *buffer, size_t bytes);
ssize_t thread_write(int descriptor, const void *buffer, size_t bytes);
int thread_accept(int descriptor);

// Not recursive. Only the thread that locked a mutex may unlock it. Without contention neither makes a system
// call.
void mutex_init(struct mutex *mutex);
void mutex_lock(struct mutex *mutex);
// Whether it was free and is now the caller's.
_Bool mutex_try_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);

void condition_init(struct condition *condition);
// Unlocks, waits to be woken, locks. As ever, what was waited for must be looked at again afterwards.
void condition_wait(struct condition *condition, struct mutex *mutex);
void condition_signal(struct condition *condition);
void condition_broadcast(struct condition *condition);

void semaphore_init(struct semaphore *semaphore, unsigned count);
void semaphore_wait(struct semaphore *semaphore);
void semaphore_post(struct semaphore *semaphore);
