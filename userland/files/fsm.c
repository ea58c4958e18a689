#include "builds.h"
#include "disk.h"
#include "job.h"
#include "lib/clock.h"
#include "lib/say.h"
#include "lib/server.h"
#include "lib/service.h"
#include "protocol/files.h"
#include <stddef.h>

enum { BIT_DISK = 1, BIT_TIMER = 2, MOST_JOBS = 32 };

static struct job jobs[MOST_JOBS];
static struct job *free_jobs;
static struct job *parked, **parked_end = &parked; // in the order they came
static handle_t notification;

static void free_job(struct job *job) {
  job->next = free_jobs;
  free_jobs = job;
}

static void park(struct job *job) {
  job->next = NULL;
  *parked_end = job;
  parked_end = &job->next;
}

// Runs every parked job that can get on, until none can.
static void run_parked(void) {
  bool has_run;
  do {
    volumes_pump();
    has_run = false;
    struct job *left = parked;
    parked = NULL;
    parked_end = &parked;
    while (left != NULL) {
      struct job *job = left;
      left = left->next;
      if (!job_can_run(job)) {
        park(job);
        continue;
      }
      has_run = true;
      if (job_run(job))
        free_job(job);
      else
        park(job);
    }
  } while (has_run);
}

static void wait_for_disk(void) {
  if (kernel_wait(notification, clock_now() + clock_frequency()) < 0)
    disk_check();
  disk_collect();
}

static void take_notification(uint64_t bits) {
  disk_collect();
  if (bits & BIT_TIMER) {
    disk_check();
    volumes_commit();
  }
  run_parked();
}

static bool handle(struct message *message) {
  if (TAG_LABEL(message->tag) == LABEL_NOTIFIED) {
    take_notification(message->words[0]);
    return false;
  }
  if (request_label(message) == FILES_CONNECT) {
    *message = session_connect(message);
    return true;
  }
  // With every job in use, there is nothing better than to wait until one is done.
  while (free_jobs == NULL) {
    wait_for_disk();
    run_parked();
  }
  struct job *job = free_jobs;
  if (!job_begin(job, message))
    return true;
  do {
    if (job_run(job)) {
      run_parked();
      return false;
    }
    volumes_pump();
  } while (job_can_run(job));
  // From here on it is one among others; the next message may come.
  free_jobs = job->next;
  if (job->stage != JOB_RECLAIM)
    job->reply = (handle_t)message_save_reply();
  park(job);
  run_parked();
  return false;
}

_Noreturn void serve_fsm(uint64_t cache_bytes) {
  int64_t created = server_create_notification();
  if (created < 0)
    die("no notification");
  notification = (handle_t)created;
  for (unsigned i = 0; i < MOST_JOBS; i++)
    free_job(&jobs[i]);
  volumes_wait = wait_for_disk;
  disk_open(signal_of(notification, BIT_DISK), cache_bytes);
  start_commit_timer(notification, BIT_TIMER);
  service_ready();
  die("cannot serve: error %ld", (long)serve(HANDLE_SERVICE, handle));
}
