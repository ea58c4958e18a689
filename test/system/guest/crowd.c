// crowd PROCESSES THREADS: that many processes with that many threads among them, all alive at once, until
// SIGTERM; then it ends them.

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_BYTES 8192

static void *rest(void *unused) {
  (void)unused;
  for (;;)
    pause();
}

// One of the crowd: says over the pipe how many threads it has got.
static _Noreturn void live(int report, int threads) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  int got = 1;
  pthread_t thread;
  while (got < threads && pthread_create(&thread, &attributes, rest, NULL) == 0)
    got++;
  if (write(report, &got, sizeof got) != sizeof got)
    _exit(1);
  rest(NULL);
  _exit(0);
}

int main(int count, char **arguments) {
  if (count != 3)
    return 2;
  int processes = atoi(arguments[1]), threads = atoi(arguments[2]);
  int report[2];
  pid_t *children = calloc((size_t)processes, sizeof *children);
  sigset_t end;
  sigemptyset(&end);
  sigaddset(&end, SIGTERM);
  sigprocmask(SIG_BLOCK, &end, NULL);
  if (children == NULL || pipe(report) != 0)
    return 1;
  int born = 0, alive = 0, got;
  // Its own process and thread are two of them.
  for (int wanted = threads - 1; born < processes - 1; born++) {
    int share = wanted / (processes - 1 - born);
    children[born] = fork();
    if (children[born] == 0)
      live(report[1], share);
    if (children[born] < 0)
      break;
    if (read(report[0], &got, sizeof got) != sizeof got)
      break;
    alive += got;
    wanted -= share;
  }
  printf("crowd: %d processes, %d threads\n", born + 1, alive + 1);
  fflush(stdout);
  sigwaitinfo(&end, NULL);
  for (int i = 0; i < born; i++)
    kill(children[i], SIGKILL);
  while (wait(NULL) > 0)
    ;
  puts("crowd: gone");
  return 0;
}
