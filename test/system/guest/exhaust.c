// exhaust descriptors|pipes|sockets|threads|mappings [hold]: takes one kind of thing until it is refused,
// says how many it got and what the refusal was, and ends, or waits for its end, with all of them in its
// hands.

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

// All stacks are one mapping: each of its own would be two more.
#define STACK_BYTES  2048
#define MOST_THREADS 20000

#define PAGE 4096

static int take_descriptor(void) { return open("/", O_RDONLY) < 0 ? errno : 0; }

static int take_pipe(void) {
  int ends[2];
  return pipe(ends) != 0 ? errno : 0;
}

static int take_sockets(void) {
  int ends[2];
  return socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0 ? errno : 0;
}

static void *rest(void *unused) {
  (void)unused;
  for (;;)
    pause();
}

static int take_thread(void) {
  static char *stacks;
  static unsigned number;
  if (stacks == NULL)
    stacks =
        mmap(NULL, MOST_THREADS * STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (stacks == MAP_FAILED || number == MOST_THREADS)
    return ENOMEM;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstack(&attributes, stacks + STACK_BYTES * number++, STACK_BYTES);
  pthread_t thread;
  return pthread_create(&thread, &attributes, rest, NULL);
}

// Neighbours differ in what is allowed: no two can be one.
static int take_mapping(void) {
  static int number;
  int protection = PROT_READ | (number++ % 2 == 0 ? PROT_WRITE : 0);
  return mmap(NULL, PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0;
}

static const struct {
  const char *name;
  int (*take)(void);
} kinds[] = {
    {"descriptors", take_descriptor}, {"pipes", take_pipe},       {"sockets", take_sockets},
    {"threads", take_thread},         {"mappings", take_mapping},
};

int main(int count, char **arguments) {
  for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (count < 2 || strcmp(kinds[i].name, arguments[1]) != 0)
      continue;
    int number = 0, error;
    while ((error = kinds[i].take()) == 0)
      number++;
    printf("exhaust: %d %s, then: %s\n", number, kinds[i].name, strerror(error));
    fflush(stdout);
    if (count > 2)
      pause();
    return 0;
  }
  return 2;
}
