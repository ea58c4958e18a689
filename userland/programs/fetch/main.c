// fetch stateless|stateful SOCKET NAME [BYTES [PAUSE]]: copies a file from a file server to stdout, BYTES at
// a time with PAUSE milliseconds in between. While nobody answers it tries again, for a few seconds.
#include "fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int usage(void) {
  fputs("usage: fetch stateless|stateful SOCKET NAME [BYTES [PAUSE_MILLISECONDS]]\n", stderr);
  return 2;
}

int main(int argc, char **argv) {
  if (argc < 4 || argc > 6)
    return usage();
  struct order order = {.socket = argv[2], .name = argv[3], .bytes = LARGEST_READ};
  if (argc > 4)
    order.bytes = strtoul(argv[4], NULL, 10);
  if (argc > 5)
    order.pause_milliseconds = (unsigned)strtoul(argv[5], NULL, 10);
  if (order.bytes == 0 || order.bytes > LARGEST_READ) {
    fprintf(stderr, "fetch: BYTES is from 1 to %d\n", LARGEST_READ);
    return 2;
  }
  if (strcmp(argv[1], "stateless") == 0)
    return fetch_stateless(&order) ? EXIT_SUCCESS : EXIT_FAILURE;
  if (strcmp(argv[1], "stateful") == 0)
    return fetch_stateful(&order) ? EXIT_SUCCESS : EXIT_FAILURE;
  return usage();
}
