// request SOCKET LINE...: sends the lines to the server at SOCKET and prints what it answers.
#include "lines.h"
#include "sockets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc < 2) {
    fputs("usage: request SOCKET LINE...\n", stderr);
    return 2;
  }
  int server = socket_connect(argv[1]);
  if (server < 0) {
    fprintf(stderr, "request: %s: %s\n", argv[1], strerror(-server));
    return EXIT_FAILURE;
  }
  for (int i = 2; i < argc; i++)
    if (say(server, "%s\n", argv[i]) != 0)
      break; // It has had enough, but may have answered.
  shutdown(server, SHUT_WR);
  char data[512];
  ssize_t count;
  while ((count = read(server, data, sizeof data)) > 0)
    write_all(STDOUT_FILENO, data, (size_t)count);
  return count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
