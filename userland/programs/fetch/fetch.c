#include "fetch.h"

#include "question.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void pause_between(const struct order *order) {
  struct timespec time = {.tv_sec = order->pause_milliseconds / 1000,
                          .tv_nsec = order->pause_milliseconds % 1000 * 1000000L};
  nanosleep(&time, NULL);
}

static bool complain(const struct order *order, const char *line) {
  fprintf(stderr, "fetch: %s: %s\n", order->name, line != NULL ? line : "no answer");
  return false;
}

// One answer to a read on its way to stdout. Returns whether it was data.
static bool read_and_print(const struct order *order, const char *request, bool repeatable, size_t *count) {
  char data[LARGEST_READ];
  struct lines answer;
  const char *line = ask(&answer, order->socket, request, repeatable, data, sizeof data, count);
  if (line == NULL || strcmp(line, "data") != 0)
    return complain(order, line);
  return write_all(STDOUT_FILENO, data, *count) == 0;
}

// The client knows how far it is, so any server can go on where another ended.
bool fetch_stateless(const struct order *order) {
  signal(SIGPIPE, SIG_IGN);
  char request[LINE_BYTES];
  size_t offset = 0, count = 1;
  while (count > 0) {
    snprintf(request, sizeof request, "read %zu %zu %s", offset, order->bytes, order->name);
    if (!read_and_print(order, request, true, &count))
      return false;
    offset += count;
    pause_between(order);
  }
  return true;
}

// The server knows how far the client is. When it forgets, nobody knows.
bool fetch_stateful(const struct order *order) {
  signal(SIGPIPE, SIG_IGN);
  char request[LINE_BYTES], handle[32];
  struct lines answer;
  size_t count = 1;
  snprintf(request, sizeof request, "open %s", order->name);
  const char *line = ask(&answer, order->socket, request, true, NULL, 0, &count);
  if (line == NULL || sscanf(line, "handle %31s", handle) != 1)
    return complain(order, line);
  while (count > 0) {
    snprintf(request, sizeof request, "read %s %zu", handle, order->bytes);
    if (!read_and_print(order, request, false, &count))
      return false;
    pause_between(order);
  }
  snprintf(request, sizeof request, "close %s", handle);
  line = ask(&answer, order->socket, request, false, NULL, 0, &count);
  return (line != NULL && strcmp(line, "closed") == 0) || complain(order, line);
}
