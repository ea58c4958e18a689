#include "sockets.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 16 };

// Has `act` (bind or connect) put a new socket at `path`.
static int make(const char *path, int (*act)(int, const struct sockaddr *, socklen_t)) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path)
    return -ENAMETOOLONG;
  strcpy(address.sun_path, path);
  int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0)
    return -errno;
  if (act(descriptor, (const struct sockaddr *)&address, sizeof address) == 0)
    return descriptor;
  int error = errno;
  close(descriptor);
  return -error;
}

int socket_listen(const char *path) {
  unlink(path);
  int descriptor = make(path, bind);
  if (descriptor < 0)
    return descriptor;
  if (listen(descriptor, BACKLOG) == 0)
    return descriptor;
  int error = errno;
  close(descriptor);
  return -error;
}

int socket_connect(const char *path) { return make(path, connect); }

int socket_accept(int listener) {
  int descriptor = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  return descriptor < 0 ? -errno : descriptor;
}
