// superserver [CONFIGURATION [FOLDER]]: listens for all services in CONFIGURATION (/etc/superserver.conf), on
// sockets in FOLDER (/run/services), and starts the program of one when somebody connects. SIGTERM ends it.
#include "configuration.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct service services[SERVICES];
static int service_count;

// Signals become bytes in a pipe, because one that comes just before poll would not end it.
static int signal_pipe[2];

static void on_signal(int number) {
  int error = errno;
  char byte = (char)number;
  (void)!write(signal_pipe[1], &byte, 1);
  errno = error;
}

static void listen_to_signals(void) {
  if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
    perror("superserver: pipe");
    exit(EXIT_FAILURE);
  }
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  sigaction(SIGCHLD, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
}

static void bury_children(void) {
  pid_t child;
  int status;
  while ((child = waitpid(-1, &status, WNOHANG)) > 0)
    for (int i = 0; i < service_count; i++) {
      if (services[i].holder != child)
        continue;
      services[i].holder = 0;
      printf("superserver: %s: process %d has ended; listening again\n", services[i].name, child);
    }
}

// Returns whether to go on.
static bool handle_signals(void) {
  char numbers[64];
  ssize_t count = read(signal_pipe[0], numbers, sizeof numbers);
  for (ssize_t i = 0; i < count; i++)
    if (numbers[i] != SIGCHLD)
      return false;
  bury_children();
  return true;
}

static void serve(void) {
  struct pollfd descriptors[SERVICES + 1];
  for (;;) {
    for (int i = 0; i < service_count; i++) {
      // Negative descriptors are not looked at: while a program has the listening socket, clients are its
      // own.
      descriptors[i].fd = services[i].holder != 0 ? -1 : services[i].listener;
      descriptors[i].events = POLLIN;
      descriptors[i].revents = 0;
    }
    descriptors[service_count] = (struct pollfd){.fd = signal_pipe[0], .events = POLLIN};
    if (poll(descriptors, (nfds_t)service_count + 1, -1) < 0 && errno != EINTR) {
      perror("superserver: poll");
      return;
    }
    if (!handle_signals())
      return;
    for (int i = 0; i < service_count; i++)
      if (descriptors[i].revents != 0)
        service_start(&services[i]);
  }
}

int main(int argc, char **argv) {
  const char *configuration = argc > 1 ? argv[1] : "/etc/superserver.conf";
  const char *folder = argc > 2 ? argv[2] : "/run/services";
  if (argc > 3) {
    fputs("usage: superserver [CONFIGURATION [FOLDER]]\n", stderr);
    return 2;
  }
  setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
  if (argc < 3)
    mkdir("/run", 0755);
  mkdir(folder, 0755);
  service_count = configuration_read(configuration, folder, services);
  if (service_count < 0)
    return EXIT_FAILURE;
  listen_to_signals();
  for (int i = 0; i < service_count; i++) {
    int error = service_open(&services[i]);
    if (error == 0)
      continue;
    fprintf(stderr, "superserver: %s: %s: %s\n", services[i].name, services[i].socket_path, strerror(-error));
    return EXIT_FAILURE;
  }
  printf("superserver: %d services\n", service_count);
  serve();
  for (int i = 0; i < service_count; i++)
    service_close(&services[i]);
  return EXIT_SUCCESS;
}
