#include "service.h"

#include "lines.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OPEN_FILES = 16 };

static struct {
  bool used;
  int descriptor;
  long position;
} files[OPEN_FILES];

// A handle is "SERVER.SLOT": with the process number in it, a handle of an earlier server is not mistaken for
// one of ours.
static int slot_of(const char *handle) {
  int server, slot;
  if (sscanf(handle, "%d.%d", &server, &slot) != 2)
    return -EINVAL;
  bool ours = server == getpid() && slot >= 0 && slot < OPEN_FILES && files[slot].used;
  return ours ? slot : -EBADF;
}

static void answer_open(int root, const char *name, int client) {
  int slot = 0;
  while (slot < OPEN_FILES && files[slot].used)
    slot++;
  int descriptor = slot < OPEN_FILES ? open_file(root, name) : -EMFILE;
  if (descriptor < 0) {
    answer_error(client, -descriptor);
    return;
  }
  files[slot].used = true;
  files[slot].descriptor = descriptor;
  files[slot].position = 0;
  say(client, "handle %d.%d\n", getpid(), slot);
}

static void answer_next(const char *handle, unsigned long length, int client) {
  int slot = slot_of(handle);
  if (slot < 0) {
    answer_error(client, -slot);
    return;
  }
  long count = answer_read(client, files[slot].descriptor, files[slot].position, length);
  if (count > 0)
    files[slot].position += count;
}

static void answer_close(const char *handle, int client) {
  int slot = slot_of(handle);
  if (slot < 0) {
    answer_error(client, -slot);
    return;
  }
  close(files[slot].descriptor);
  files[slot].used = false;
  say(client, "closed\n");
}

static void answer(int root, const char *request, int client) {
  char handle[32];
  unsigned long length;
  if (strncmp(request, "open ", 5) == 0)
    answer_open(root, request + 5, client);
  else if (sscanf(request, "read %31s %lu", handle, &length) == 2)
    answer_next(handle, length, client);
  else if (sscanf(request, "close %31s", handle) == 1)
    answer_close(handle, client);
  else
    answer_error(client, EINVAL);
}

const struct service stateful = {"stateful", answer};
