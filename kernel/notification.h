// Notifications, and what signals them: timers, interrupts, the end of a process.
#pragma once

#include "deadline.h"
#include "object.h"
#include "thread.h"

struct notification {
  struct object object;
  uint64_t bits;
  struct thread_queue waiters;
  struct thread *bound; // whose waits to receive it ends, too
};

struct timer {
  struct object object;
  struct deadline deadline;
  uint64_t interval; // ticks; 0: once
  struct notification *notification;
  uint64_t badge;
};

// Adds bits, and wakes who waits for them.
void notification_signal(struct notification *notification, uint64_t bits);

// The bits, or CALL_PENDING while the thread waits.
int64_t notification_wait(struct thread *thread, struct notification *notification, uint64_t deadline);

// Binds a notification to a thread, or none (NULL). EBUSY if it is bound to another.
int64_t notification_bind(struct thread *thread, struct notification *notification);

// Starts a timer over, or stops it (notification NULL).
void timer_object_set(struct timer *timer, struct notification *notification, uint64_t badge,
                      uint64_t deadline, uint64_t interval);

// Makes an end watched, or no more (NULL); and tells who watches.
void end_watch_set(struct end_watch *watch, struct notification *notification, uint64_t badge);
void end_watch_signal(struct end_watch *watch);

// For object_release.
void notification_destroy(struct notification *notification);
void timer_destroy(struct timer *timer);
