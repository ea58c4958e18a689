// work-server STRATEGY [SOCKET]: does work for clients, in one of the ways the textbooks compare.
//
//   iterative   one client after another
//   processes   a process for each client
//   threads     a thread for each client
//   session     serves the one client on stdin and stdout
//
// Without SOCKET stdin is the listening socket, as a superserver hands it to a `wait` service, and the server
// ends when nobody has come for a while.
#include "strategy.h"

#include "sockets.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
  const char *name;
  void (*serve)(int listener, int patience_milliseconds);
} strategies[] = {{"iterative", serve_iteratively},
                  {"processes", serve_in_processes},
                  {"threads", serve_in_threads},
                  {"session", serve_session}};

enum { STRATEGIES = sizeof strategies / sizeof strategies[0], PATIENCE_MILLISECONDS = 1000 };

static int usage(void) {
  fputs("usage: work-server iterative|processes|threads|session [SOCKET]\n", stderr);
  return 2;
}

int main(int argc, char **argv) {
  if (argc < 2 || argc > 3)
    return usage();
  signal(SIGPIPE, SIG_IGN); // A client that leaves early is no reason to end.
  int listener = STDIN_FILENO;
  if (argc == 3) {
    listener = socket_listen(argv[2]);
    if (listener < 0) {
      fprintf(stderr, "work-server: %s: %s\n", argv[2], strerror(-listener));
      return EXIT_FAILURE;
    }
  }
  for (unsigned i = 0; i < STRATEGIES; i++) {
    if (strcmp(strategies[i].name, argv[1]) != 0)
      continue;
    strategies[i].serve(listener, argc == 3 ? -1 : PATIENCE_MILLISECONDS);
    return EXIT_SUCCESS;
  }
  return usage();
}
