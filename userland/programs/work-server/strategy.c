#include "strategy.h"

#include "session.h"
#include "sockets.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// The next client, or -1 when none came.
static int next_client(int listener, int patience_milliseconds) {
  struct pollfd pending = {.fd = listener, .events = POLLIN};
  for (;;) {
    int count = poll(&pending, 1, patience_milliseconds);
    if (count == 0 || (count < 0 && errno != EINTR))
      return -1;
    if (count < 0)
      continue;
    int client = socket_accept(listener);
    if (client >= 0)
      return client;
    if (client != -EINTR && client != -ECONNABORTED) {
      fprintf(stderr, "work-server: accept: %s\n", strerror(-client));
      return -1;
    }
  }
}

void serve_iteratively(int listener, int patience_milliseconds) {
  int client;
  while ((client = next_client(listener, patience_milliseconds)) >= 0) {
    session(client, client);
    close(client);
  }
}

void serve_in_processes(int listener, int patience_milliseconds) {
  signal(SIGCHLD, SIG_IGN); // Then ended children are not kept until someone waits for them (POSIX, _Exit).
  int client;
  while ((client = next_client(listener, patience_milliseconds)) >= 0) {
    pid_t child = fork();
    if (child == 0) {
      close(listener);
      session(client, client);
      _exit(0);
    }
    if (child < 0)
      perror("work-server: fork");
    close(client);
  }
}

static void *serve_one(void *client) {
  int descriptor = (int)(intptr_t)client;
  session(descriptor, descriptor);
  close(descriptor);
  return NULL;
}

void serve_in_threads(int listener, int patience_milliseconds) {
  intptr_t client;
  while ((client = next_client(listener, patience_milliseconds)) >= 0) {
    pthread_t thread;
    int error = pthread_create(&thread, NULL, serve_one, (void *)client);
    if (error == 0) {
      pthread_detach(thread);
      continue;
    }
    fprintf(stderr, "work-server: pthread_create: %s\n", strerror(error));
    close((int)client);
  }
}

void serve_session(int unused_listener, int unused_patience) {
  (void)unused_listener;
  (void)unused_patience;
  session(STDIN_FILENO, STDOUT_FILENO);
}
