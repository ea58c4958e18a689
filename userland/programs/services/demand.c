#include "scene.h"

#include "child.h"
#include "lines.h"
#include "sockets.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const char configuration[] = "superserver.conf", protocol[] = "started";

static const char services[] = "# name   socket         program\n"
                               "each     each    nowait work-server session\n"
                               "all      all     wait   work-server iterative\n"
                               "broken   broken  nowait no-such-program\n";

static bool write_configuration(void) {
  FILE *file = fopen(configuration, "w");
  return file != NULL && fputs(services, file) >= 0 && fclose(file) == 0;
}

// The process that serves a client at `path`, or 0.
static int who_serves(const char *path) {
  int server = socket_connect(path);
  if (server < 0)
    return 0;
  struct lines lines = {.descriptor = server};
  say(server, "who\n");
  shutdown(server, SHUT_WR);
  const char *answer = lines_next(&lines);
  int process = answer != NULL ? atoi(answer) : 0;
  close(server);
  return process;
}

static long bytes_of(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 ? (long)status.st_size : -1;
}

// Connecting would start a service, so its sockets are only looked for. The superserver says a line when all
// are there.
static bool wait_for_superserver(void) {
  for (int trial = 0; trial < 100 && bytes_of(protocol) <= 0; trial++)
    wait_milliseconds(50);
  return bytes_of(protocol) > 0;
}

void scene_superserver(void) {
  puts("-- a superserver starts services on demand");
  unlink(protocol);
  check(write_configuration(), "there is a configuration");
  pid_t superserver =
      child_start((const char *[]){"superserver", configuration, ".", NULL}, protocol, "errors");
  check(wait_for_superserver(), "the superserver listens");
  long idle = bytes_of(protocol);
  wait_milliseconds(200);
  check(bytes_of(protocol) == idle, "nothing runs while nobody asks");

  int first = who_serves("each"), second = who_serves("each");
  check(first != 0 && second != 0 && first != second, "nowait: each client gets a process of its own");

  first = who_serves("all");
  second = who_serves("all");
  check(first != 0 && first == second, "wait: one process serves all clients");
  wait_milliseconds(2000); // Longer than a work-server's patience.
  int third = who_serves("all");
  check(third != 0 && third != first, "wait: after it has ended, the next client gets another");

  check(who_serves("broken") == 0, "a program that is not there ends the connection, not the superserver");
  check(who_serves("each") != 0, "the superserver carries on");
  kill(superserver, SIGTERM);
  check(child_wait(superserver) == 0, "SIGTERM ends the superserver");
  check(access("each", F_OK) != 0 && access("all", F_OK) != 0, "and its sockets are gone");
}
