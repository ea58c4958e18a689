#include "service.h"

#include "sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// A program that ends without having taken its client is started again for the same client, at once and for
// ever.
enum { STARTS_IN_A_SECOND = 40 };

int service_open(struct service *service) {
  service->listener = socket_listen(service->socket_path);
  if (service->listener < 0)
    return service->listener;
  // A client may change its mind before it is accepted, and the other services must not wait for the next.
  if (!service->wait)
    fcntl(service->listener, F_SETFL, O_NONBLOCK);
  return 0;
}

void service_close(struct service *service) {
  if (service->listener < 0)
    return;
  close(service->listener);
  unlink(service->socket_path);
  service->listener = -1;
}

static bool starts_too_often(struct service *service) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  if (service->second != now.tv_sec) {
    service->second = now.tv_sec;
    service->starts = 0;
  }
  return ++service->starts > STARTS_IN_A_SECOND;
}

// In the child: becomes the program, with `descriptor` as its stdin and, unless it is a listening socket, its
// stdout.
static _Noreturn void become(const struct service *service, int descriptor) {
  dup2(descriptor, STDIN_FILENO);
  if (!service->wait)
    dup2(descriptor, STDOUT_FILENO);
  signal(SIGPIPE, SIG_DFL);
  signal(SIGCHLD, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  execvp(service->program, service->arguments);
  fprintf(stderr, "superserver: %s: %s: %s\n", service->name, service->program, strerror(errno));
  _exit(127);
}

void service_start(struct service *service) {
  if (starts_too_often(service)) {
    fprintf(stderr, "superserver: %s: started too often; given up\n", service->name);
    service_close(service);
    return;
  }
  int descriptor = service->wait ? service->listener : socket_accept(service->listener);
  if (descriptor < 0)
    return;
  pid_t child = fork();
  if (child == 0)
    become(service, descriptor);
  if (child < 0)
    perror("superserver: fork");
  if (child > 0)
    printf("superserver: %s: started process %d\n", service->name, child);
  if (service->wait)
    service->holder = child > 0 ? child : 0;
  else
    close(descriptor);
}
