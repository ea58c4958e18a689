#include "thread_queue.h"
#include "thread.h"

static void insert_before(struct thread_queue *queue, struct thread *thread, struct thread *next) {
  struct thread *previous = next == NULL ? queue->last : next->previous;
  thread->queue = queue;
  thread->next = next;
  thread->previous = previous;
  *(next == NULL ? &queue->last : &next->previous) = thread;
  *(previous == NULL ? &queue->first : &previous->next) = thread;
}

void queue_append(struct thread_queue *queue, struct thread *thread) { insert_before(queue, thread, NULL); }

void queue_prepend(struct thread_queue *queue, struct thread *thread) {
  insert_before(queue, thread, queue->first);
}

static bool comes_before(const struct thread *a, const struct thread *b) {
  if (a->urgent != b->urgent)
    return a->urgent;
  return a->effective_priority > b->effective_priority;
}

void queue_insert_by_priority(struct thread_queue *queue, struct thread *thread) {
  struct thread *last = queue->last;
  while (last != NULL && comes_before(thread, last))
    last = last->previous;
  insert_before(queue, thread, last == NULL ? queue->first : last->next);
}

void queue_remove(struct thread *thread) {
  struct thread_queue *queue = thread->queue;
  *(thread->next == NULL ? &queue->last : &thread->next->previous) = thread->previous;
  *(thread->previous == NULL ? &queue->first : &thread->previous->next) = thread->next;
  thread->queue = NULL;
}
