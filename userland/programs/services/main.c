// services [FOLDER]: shows what servers differ in: iterative and concurrent, stateless and stateful, started
// beforehand and on demand. Sockets and files lie in FOLDER (/tmp/services).
#include "scene.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned failures;

void check(bool good, const char *what) {
  printf("%s %s\n", good ? "ok" : "FAILED", what);
  if (!good)
    failures++;
}

int main(int argc, char **argv) {
  const char *folder = argc > 1 ? argv[1] : "/tmp/services";
  setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
  signal(SIGPIPE, SIG_IGN);
  if (argc < 2)
    mkdir("/tmp", 01777);
  mkdir(folder, 0755);
  if (chdir(folder) != 0) {
    perror(folder);
    return EXIT_FAILURE;
  }
  scene_concurrency();
  scene_restart();
  scene_superserver();
  if (failures == 0)
    puts("services: all as expected");
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
