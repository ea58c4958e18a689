// A queue of threads: the ready ones of a priority, or those that wait for the same thing. A thread is in one
// queue at most.
#pragma once

#include "types.h"

struct thread;

struct thread_queue {
  struct thread *first, *last;
};

// To the end.
void queue_append(struct thread_queue *queue, struct thread *thread);

// To the front.
void queue_prepend(struct thread_queue *queue, struct thread *thread);

// Behind the last that is as urgent and has as high a priority.
void queue_insert_by_priority(struct thread_queue *queue, struct thread *thread);

// Out of the queue it is in.
void queue_remove(struct thread *thread);
