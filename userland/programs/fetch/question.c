#include "question.h"

#include "sockets.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TRIALS = 50 };

static void wait_a_little(void) {
  struct timespec time = {.tv_nsec = 100000000};
  nanosleep(&time, NULL);
}

static const char *exchange(struct lines *answer, int server, const char *request, void *data, size_t room,
                            size_t *count) {
  *answer = (struct lines){.descriptor = server};
  if (say(server, "%s\n", request) != 0)
    return NULL;
  const char *line = lines_next(answer);
  if (line == NULL || sscanf(line, "data %zu", count) != 1)
    return line;
  // The line lies in the buffer that the data is read through.
  static const char received[] = "data";
  return *count <= room && lines_take(answer, data, *count) == *count ? received : NULL;
}

const char *ask(struct lines *answer, const char *socket, const char *request, int repeatable, void *data,
                size_t room, size_t *count) {
  for (int trial = 1; trial <= TRIALS; trial++) {
    int server = socket_connect(socket);
    if (server >= 0) {
      const char *line = exchange(answer, server, request, data, room, count);
      close(server);
      if (line != NULL || !repeatable)
        return line;
    }
    if (trial == 1)
      fputs("fetch: nobody answers; trying again\n", stderr);
    wait_a_little();
  }
  return NULL;
}
