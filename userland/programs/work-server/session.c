#include "session.h"

#include "lines.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LONGEST_MILLISECONDS = 60000 };

static void work(unsigned milliseconds) {
  struct timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000L};
  while (nanosleep(&time, &time) != 0)
    continue; // A child has ended meanwhile.
}

static int answer(const char *request, int output) {
  unsigned milliseconds;
  if (sscanf(request, "work %u", &milliseconds) == 1 && milliseconds <= LONGEST_MILLISECONDS) {
    work(milliseconds);
    return say(output, "done %d\n", getpid());
  }
  if (strcmp(request, "who") == 0)
    return say(output, "%d\n", getpid());
  return say(output, "error I know \"work MILLISECONDS\", at most %d, and \"who\"\n", LONGEST_MILLISECONDS);
}

void session(int input, int output) {
  struct lines lines = {.descriptor = input};
  const char *request;
  while ((request = lines_next(&lines)) != NULL)
    if (answer(request, output) != 0)
      break;
}
