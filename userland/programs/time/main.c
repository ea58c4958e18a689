// Runs a program and tells how long it took.

#include "usage.h"
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int count, char **arguments) {
  if (count < 2)
    usage("time PROGRAM [ARGUMENT...]");
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  pid_t pid = fork();
  if (pid < 0)
    err(1, "no new process");
  if (pid == 0) {
    execvp(arguments[1], arguments + 1);
    err(errno == ENOENT ? 127 : 126, "%s", arguments[1]);
  }
  signal(SIGINT, SIG_IGN); // Ctrl-C is for the program
  int result;
  struct rusage used;
  while (wait4(pid, &result, 0, &used) < 0 && errno == EINTR)
    ;
  clock_gettime(CLOCK_MONOTONIC, &end);
  double real = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
  fprintf(stderr, "real %.3f\nuser %ld.%03ld\nsys  %ld.%03ld\n", real, (long)used.ru_utime.tv_sec,
          (long)used.ru_utime.tv_usec / 1000, (long)used.ru_stime.tv_sec, (long)used.ru_stime.tv_usec / 1000);
  return WIFEXITED(result) ? WEXITSTATUS(result) : 128 + WTERMSIG(result);
}
