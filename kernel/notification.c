#include "notification.h"
#include "call.h"
#include "channel.h"
#include "timer.h"

static bool waits_to_receive(const struct thread *thread) {
  return thread != NULL && thread->state == THREAD_WAITING && thread->waiting == WAIT_RECEIVE;
}

void notification_signal(struct notification *notification, uint64_t bits) {
  notification->bits |= bits;
  if (notification->bits == 0)
    return;
  bits = notification->bits;
  if (notification->waiters.first != NULL) {
    notification->bits = 0;
    thread_complete(notification->waiters.first, (int64_t)bits);
  } else if (waits_to_receive(notification->bound)) {
    notification->bits = 0;
    channel_notify(notification->bound, bits);
  }
}

int64_t notification_wait(struct thread *thread, struct notification *notification, uint64_t deadline) {
  uint64_t bits = notification->bits;
  notification->bits = 0;
  if (bits != 0)
    return (int64_t)bits;
  if (deadline == 0)
    return -EAGAIN;
  thread_wait(thread, WAIT_NOTIFICATION, &notification->waiters, deadline);
  return CALL_PENDING;
}

int64_t notification_bind(struct thread *thread, struct notification *notification) {
  if (notification != NULL && notification->bound != NULL && notification->bound != thread)
    return -EBUSY;
  struct notification *before = thread->bound;
  thread->bound = notification;
  if (notification != NULL) {
    notification->bound = thread;
    object_retain(&notification->object);
    if (notification->bits != 0)
      notification_signal(notification, 0);
  }
  if (before != NULL) {
    if (before != notification)
      before->bound = NULL;
    object_release(&before->object);
  }
  return 0;
}

void notification_destroy(struct notification *notification) {
  while (notification->waiters.first != NULL)
    thread_complete(notification->waiters.first, -EPIPE);
}

static void replace(struct notification **place, struct notification *notification) {
  struct notification *before = *place;
  *place = notification;
  if (notification != NULL)
    object_retain(&notification->object);
  if (before != NULL)
    object_release(&before->object);
}

static void timer_expired(struct deadline *deadline) {
  struct timer *timer = (struct timer *)((char *)deadline - offsetof(struct timer, deadline));
  uint64_t now = timer_now();
  if (timer->interval != 0) {
    // Those that were missed are one. Past the end of time there is no next.
    uint64_t missed = (now - deadline->time) / timer->interval;
    uint64_t last = deadline->time + missed * timer->interval;
    uint64_t next = last + timer->interval;
    deadline_set(deadline, next > last ? next : UINT64_MAX, timer_expired);
  }
  notification_signal(timer->notification, timer->badge);
}

void timer_object_set(struct timer *timer, struct notification *notification, uint64_t badge,
                      uint64_t deadline, uint64_t interval) {
  deadline_clear(&timer->deadline);
  replace(&timer->notification, notification);
  timer->badge = badge;
  timer->interval = interval;
  if (notification != NULL)
    deadline_set(&timer->deadline, deadline, timer_expired);
}

void timer_destroy(struct timer *timer) { timer_object_set(timer, NULL, 0, 0, 0); }

void end_watch_set(struct end_watch *watch, struct notification *notification, uint64_t badge) {
  replace(&watch->notification, notification);
  watch->badge = badge;
}

void end_watch_signal(struct end_watch *watch) {
  if (watch->notification != NULL)
    notification_signal(watch->notification, watch->badge);
  end_watch_set(watch, NULL, 0);
}
