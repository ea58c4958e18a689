// The checks of `pthreads`, by what they look at. Each returns whether it found what POSIX promises.
#pragma once

#include <stdbool.h>

// mutex.c
bool mutex_excludes(void);
bool mutex_kinds(void);
bool mutex_alone_makes_no_system_call(void);

// waiting.c
bool condition_bounded_buffer(void);
bool condition_times_out(void);
bool barrier_holds_all(void);
bool semaphore_counts(void);
bool rwlock_shares_among_readers(void);

// life.c
bool join_returns_results(void);
bool once_runs_once(void);
bool values_are_per_thread(void);
bool read_blocks_one_thread(void);
bool many_threads_at_once(void);
bool cancellation_cleans_up(void);
