#include "child.h"

#include "sockets.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void redirect(const char *path, int descriptor) {
  if (path == NULL)
    return;
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0 || dup2(file, descriptor) < 0) {
    perror(path);
    _exit(126);
  }
  close(file);
}

pid_t child_start(const char *const *arguments, const char *output, const char *errors) {
  pid_t child = fork();
  if (child < 0) {
    perror("services: fork");
    exit(EXIT_FAILURE);
  }
  if (child > 0)
    return child;
  redirect(output, STDOUT_FILENO);
  redirect(errors, STDERR_FILENO);
  execvp(arguments[0], (char *const *)arguments);
  perror(arguments[0]);
  _exit(127);
}

int child_wait(pid_t child) {
  int status;
  if (waitpid(child, &status, 0) != child)
    return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void child_kill(pid_t child) {
  kill(child, SIGKILL);
  child_wait(child);
}

bool wait_for_server(const char *path) {
  for (int trial = 0; trial < 100; trial++) {
    int server = socket_connect(path);
    if (server >= 0) {
      close(server);
      return true;
    }
    wait_milliseconds(50);
  }
  return false;
}

void wait_milliseconds(unsigned milliseconds) {
  struct timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000L};
  nanosleep(&time, NULL);
}
