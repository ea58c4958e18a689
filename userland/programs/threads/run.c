#include "run.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DEADLOCK_STATUS = 35, PATIENCE_MILLISECONDS = 3000 };

const char *ending_name(enum ending ending) {
  static const char *const names[] = {"well", "reported", "killed", "hangs", "failed"};
  return names[ending];
}

static void require(int result, const char *what) {
  if (result >= 0)
    return;
  perror(what);
  exit(EXIT_FAILURE);
}

static pid_t start(const char *program, const char *argument, int output) {
  pid_t child = fork();
  require(child, "fork");
  if (child != 0)
    return child;
  // A catastrophe that is asked for need not alarm anyone.
  int errors = argument == NULL ? -1 : open("/dev/null", O_WRONLY);
  if (errors >= 0)
    dup2(errors, STDERR_FILENO);
  dup2(output, STDOUT_FILENO);
  execlp(program, program, argument, (char *)NULL);
  perror(program);
  _exit(127);
}

// Reads to the end; whether it came before patience ended.
static int read_all(int descriptor, char *output, size_t bytes) {
  struct pollfd readable = {.fd = descriptor, .events = POLLIN};
  size_t filled = 0;
  int ended = 0;
  while (!ended && poll(&readable, 1, PATIENCE_MILLISECONDS) > 0) {
    char rest[256];
    size_t room = bytes - 1 - filled;
    ssize_t count = room > 0 ? read(descriptor, output + filled, room) : read(descriptor, rest, sizeof rest);
    ended = count <= 0;
    if (count > 0 && room > 0)
      filled += (size_t)count;
  }
  output[filled] = '\0';
  return ended;
}

enum ending run(const char *program, const char *argument, char *output, size_t bytes) {
  int ends[2];
  require(pipe(ends), "pipe");
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  fcntl(ends[1], F_SETFD, FD_CLOEXEC);
  pid_t child = start(program, argument, ends[1]);
  close(ends[1]);
  int ended = read_all(ends[0], output, bytes);
  if (!ended)
    kill(child, SIGKILL);
  close(ends[0]);
  int status;
  require(waitpid(child, &status, 0), "waitpid");
  if (!ended)
    return ENDED_HUNG;
  if (WIFSIGNALED(status))
    return ENDED_KILLED;
  if (WEXITSTATUS(status) == DEADLOCK_STATUS)
    return ENDED_DEADLOCKED;
  return WEXITSTATUS(status) == 0 ? ENDED_WELL : ENDED_OTHERWISE;
}
