#include "scene.h"

#include "child.h"
#include "lines.h"
#include "sockets.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CLIENTS = 3, WORK_MILLISECONDS = 300 };

static const char socket_path[] = "work";

static unsigned now_milliseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (unsigned)(time.tv_sec * 1000 + time.tv_nsec / 1000000);
}

// Until all clients, who came at once, have been served; -1 when one was not.
static int serve_all(void) {
  int servers[CLIENTS];
  unsigned start = now_milliseconds();
  bool good = true;
  for (int i = 0; i < CLIENTS; i++) {
    servers[i] = socket_connect(socket_path);
    good = good && servers[i] >= 0 && say(servers[i], "work %d\n", WORK_MILLISECONDS) == 0 &&
           shutdown(servers[i], SHUT_WR) == 0;
  }
  for (int i = 0; i < CLIENTS; i++) {
    struct lines lines = {.descriptor = servers[i]};
    const char *answer = servers[i] >= 0 ? lines_next(&lines) : NULL;
    good = good && answer != NULL && strncmp(answer, "done ", 5) == 0;
    if (servers[i] >= 0)
      close(servers[i]);
  }
  return good ? (int)(now_milliseconds() - start) : -1;
}

static int measure(const char *strategy) {
  pid_t server = child_start((const char *[]){"work-server", strategy, socket_path, NULL}, NULL, NULL);
  int milliseconds = wait_for_server(socket_path) ? serve_all() : -1;
  child_kill(server);
  printf("   %-10s %5d ms\n", strategy, milliseconds);
  return milliseconds;
}

void scene_concurrency(void) {
  printf("-- %d clients at once, each wants %d ms of waiting done\n", CLIENTS, WORK_MILLISECONDS);
  const int one_after_another = CLIENTS * WORK_MILLISECONDS;
  int iterative = measure("iterative"), processes = measure("processes"), threads = measure("threads");
  check(iterative >= one_after_another, "an iterative server serves one after another");
  check(processes >= WORK_MILLISECONDS && processes < one_after_another, "processes serve them together");
  check(threads >= WORK_MILLISECONDS && threads < one_after_another, "threads serve them together");
}
