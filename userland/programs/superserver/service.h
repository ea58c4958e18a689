// A service of the superserver: a socket, and the program that serves those who connect to it.
#pragma once

#include <stdbool.h>
#include <sys/types.h>

enum { ARGUMENTS = 16, PATH_BYTES = 108, NAME_BYTES = 32 };

struct service {
  char name[NAME_BYTES];
  char socket_path[PATH_BYTES];
  // It gets the listening socket and serves until it ends; else a connection, and the next client gets
  // another process.
  bool wait;
  char *program;
  // The program's name and its arguments, then null.
  char *arguments[ARGUMENTS + 2];
  // -1 when it is given up.
  int listener;
  // The process that has the listening socket of a `wait` service, or 0.
  pid_t holder;
  // Starts within the second that began at `second`.
  long second;
  unsigned starts;
};

// Begins to listen. Returns 0 or -errno.
int service_open(struct service *service);

// Somebody has connected: starts the program. A service that would be started too often is given up instead.
void service_start(struct service *service);

// No longer listens.
void service_close(struct service *service);
