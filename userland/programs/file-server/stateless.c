#include "service.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static void answer(int root, const char *request, int client) {
  long offset;
  unsigned long length;
  int name = 0;
  if (sscanf(request, "read %ld %lu %n", &offset, &length, &name) < 2 || request[name] == '\0') {
    answer_error(client, EINVAL);
    return;
  }
  int descriptor = open_file(root, request + name);
  if (descriptor < 0) {
    answer_error(client, -descriptor);
    return;
  }
  answer_read(client, descriptor, offset, length);
  close(descriptor);
}

const struct service stateless = {"stateless", answer};
