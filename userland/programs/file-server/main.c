// file-server stateless|stateful SOCKET FOLDER: lets clients read the files in FOLDER, a request per
// connection.
#include "service.h"

#include "lines.h"
#include "sockets.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// A client that connects and says nothing must not keep the others waiting for ever.
enum { PATIENCE_MILLISECONDS = 1000 };

static void serve(const struct service *service, int root, int client) {
  struct pollfd readable = {.fd = client, .events = POLLIN};
  if (poll(&readable, 1, PATIENCE_MILLISECONDS) <= 0)
    return;
  struct lines lines = {.descriptor = client};
  const char *request = lines_next(&lines);
  if (request != NULL)
    service->answer(root, request, client);
}

int main(int argc, char **argv) {
  const struct service *service = argc != 4                           ? NULL
                                  : strcmp(argv[1], "stateless") == 0 ? &stateless
                                  : strcmp(argv[1], "stateful") == 0  ? &stateful
                                                                      : NULL;
  if (service == NULL) {
    fputs("usage: file-server stateless|stateful SOCKET FOLDER\n", stderr);
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  int root = open(argv[3], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) {
    perror(argv[3]);
    return EXIT_FAILURE;
  }
  int listener = socket_listen(argv[2]);
  int client = listener;
  while (client >= 0 && (client = socket_accept(listener)) >= 0) {
    serve(service, root, client);
    close(client);
  }
  fprintf(stderr, "file-server: %s: %s\n", argv[2], strerror(-client));
  return EXIT_FAILURE;
}
