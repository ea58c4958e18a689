// embrace plain|checked|pipes: a deadlock. Of two threads and two mutexes, plain or error-checking, or of two
// processes that each wait for the other's byte.

#include <pthread.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t left, right;
static pthread_barrier_t both;

struct order {
  pthread_mutex_t *first, *second;
};

static void *grab(void *argument) {
  const struct order *order = argument;
  pthread_mutex_lock(order->first);
  pthread_barrier_wait(&both);
  pthread_mutex_lock(order->second);
  return NULL;
}

static void embrace_mutexes(int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, type);
  pthread_mutex_init(&left, &attributes);
  pthread_mutex_init(&right, &attributes);
  pthread_barrier_init(&both, NULL, 2);
  struct order mine = {&left, &right}, others = {&right, &left};
  pthread_t thread;
  pthread_create(&thread, NULL, grab, &others);
  grab(&mine);
}

static void embrace_pipes(void) {
  int there[2], back[2];
  char byte = 0;
  if (pipe(there) != 0 || pipe(back) != 0)
    return;
  pid_t child = fork();
  int from = child == 0 ? there[0] : back[0], to = child == 0 ? back[1] : there[1];
  close(child == 0 ? there[1] : back[1]);
  close(child == 0 ? back[0] : there[0]);
  if (read(from, &byte, 1) == 1 && write(to, &byte, 1) == 1)
    return;
}

int main(int count, char **arguments) {
  const char *kind = count == 2 ? arguments[1] : "";
  if (strcmp(kind, "pipes") == 0)
    embrace_pipes();
  else
    embrace_mutexes(strcmp(kind, "checked") == 0 ? PTHREAD_MUTEX_ERRORCHECK : PTHREAD_MUTEX_NORMAL);
  return 0;
}
