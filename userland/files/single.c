#include "builds.h"
#include "disk.h"
#include "job.h"
#include "lib/clock.h"
#include "lib/say.h"
#include "lib/server.h"
#include "lib/service.h"
#include "protocol/files.h"

static handle_t completions; // of the disk; the thread's own notification is for the timer
static struct job job;

static void wait_for_disk(void) {
  if (kernel_wait(completions, clock_now() + clock_frequency()) < 0)
    disk_check();
  disk_collect();
}

static bool handle(struct message *message) {
  if (TAG_LABEL(message->tag) == LABEL_NOTIFIED) {
    disk_collect();
    volumes_commit();
    return false;
  }
  if (request_label(message) == FILES_CONNECT) {
    *message = session_connect(message);
    return true;
  }
  if (!job_begin(&job, message))
    return true;
  while (!job_run(&job)) {
    volumes_pump();
    while (!job_can_run(&job))
      wait_for_disk();
  }
  volumes_pump();
  return false;
}

_Noreturn void serve_single(uint64_t cache_bytes) {
  int64_t ticks = server_create_notification();
  int64_t notification = kernel_create_notification();
  if (ticks < 0 || notification < 0)
    die("no notifications");
  completions = (handle_t)notification;
  volumes_wait = wait_for_disk;
  disk_open(signal_of(completions, 1), cache_bytes);
  start_commit_timer((handle_t)ticks, 1);
  service_ready();
  die("cannot serve: error %ld", (long)serve(HANDLE_SERVICE, handle));
}
