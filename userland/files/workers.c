#include "builds.h"
#include "disk.h"
#include "job.h"
#include "lib/clock.h"
#include "lib/mutex.h"
#include "lib/say.h"
#include "lib/server.h"
#include "lib/service.h"
#include "lib/thread.h"
#include "protocol/files.h"
#include <stddef.h>

enum { BIT_DISK = 1, BIT_TIMER = 2, WORKERS = 8, MOST_JOBS = 32 };

static struct mutex mutex; // over everything; not held by whoever waits
static struct condition job_came, job_freed;
static struct job jobs[MOST_JOBS];
static struct job *free_jobs;
static struct job *waiting, **waiting_end = &waiting; // for a worker
static struct thread collector;
static struct worker {
  struct thread thread;
  struct job *stuck; // what it sleeps with; NULL: it does not sleep, or is being woken
  struct condition ready;
} workers[WORKERS];
static handle_t notification;

static void free_job(struct job *job) {
  job->next = free_jobs;
  free_jobs = job;
  condition_signal(&job_freed);
}

static struct job *take_job(void) {
  while (waiting == NULL)
    condition_wait(&job_came, &mutex, WAIT_FOREVER);
  struct job *job = waiting;
  waiting = job->next;
  if (waiting == NULL)
    waiting_end = &waiting;
  return job;
}

// Wakes those who can get on; to wake all of them whenever the disk has done something costs more than the
// requests do.
static void wake_ready(void) {
  for (unsigned i = 0; i < WORKERS; i++) {
    struct worker *worker = &workers[i];
    if (worker->stuck == NULL || !job_can_run(worker->stuck))
      continue;
    worker->stuck = NULL;
    condition_signal(&worker->ready);
  }
}

static uint64_t work(void *argument) {
  struct worker *self = argument;
  mutex_lock(&mutex);
  for (;;) {
    struct job *job = take_job();
    while (!job_run(job)) {
      volumes_pump();
      wake_ready();
      while (!job_can_run(job)) {
        self->stuck = job;
        condition_wait(&self->ready, &mutex, WAIT_FOREVER);
      }
      self->stuck = NULL;
    }
    volumes_pump();
    wake_ready();
    free_job(job);
  }
}

// Waits for the disk, on behalf of all.
static uint64_t collect(void *unused) {
  (void)unused;
  for (;;) {
    int64_t bits = kernel_wait(notification, WAIT_FOREVER);
    mutex_lock(&mutex);
    disk_collect();
    if (bits > 0 && (bits & BIT_TIMER) != 0) {
      disk_check();
      volumes_commit();
    }
    wake_ready();
    mutex_unlock(&mutex);
  }
}

// With the mutex held. True: the message is the answer.
static bool dispatch(struct message *message) {
  if (request_label(message) == FILES_CONNECT) {
    *message = session_connect(message);
    return true;
  }
  while (free_jobs == NULL)
    condition_wait(&job_freed, &mutex, WAIT_FOREVER);
  struct job *job = free_jobs;
  if (!job_begin(job, message))
    return true;
  int64_t reply = message_save_reply();
  if (reply < 0) {
    *message = message_result(reply);
    return true;
  }
  job->reply = (handle_t)reply;
  free_jobs = job->next;
  job->next = NULL;
  *waiting_end = job;
  waiting_end = &job->next;
  condition_signal(&job_came);
  return false;
}

static bool handle(struct message *message) {
  mutex_lock(&mutex);
  bool is_answer = dispatch(message);
  mutex_unlock(&mutex);
  return is_answer;
}

// While the disk is opened, there is one thread.
static void wait_for_disk(void) {
  kernel_wait(notification, clock_now() + clock_frequency());
  disk_collect();
}

_Noreturn void serve_workers(uint64_t cache_bytes) {
  int64_t created = kernel_create_notification();
  if (created < 0)
    die("no notification");
  notification = (handle_t)created;
  for (unsigned i = 0; i < MOST_JOBS; i++)
    free_job(&jobs[i]);
  volumes_wait = wait_for_disk;
  disk_open(signal_of(notification, BIT_DISK), cache_bytes);
  start_commit_timer(notification, BIT_TIMER);
  bool has_threads = thread_create(&collector, collect, NULL) == 0;
  for (unsigned i = 0; i < WORKERS; i++)
    has_threads &= thread_create(&workers[i].thread, work, &workers[i]) == 0;
  if (!has_threads)
    die("no threads");
  service_ready();
  die("cannot serve: error %ld", (long)serve(HANDLE_SERVICE, handle));
}
