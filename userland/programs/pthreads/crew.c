#include "crew.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 64 };

static void (*current_work)(unsigned number);

static void *begin(void *number) {
  current_work((unsigned)(uintptr_t)number);
  return NULL;
}

void crew_run(unsigned count, void (*work)(unsigned number)) {
  pthread_t threads[MOST];
  current_work = work;
  for (uintptr_t i = 0; i < count; i++) {
    int error = pthread_create(&threads[i], NULL, begin, (void *)i);
    if (error == 0)
      continue;
    fprintf(stderr, "pthread_create: %s\n", strerror(error));
    exit(EXIT_FAILURE);
  }
  for (unsigned i = 0; i < count; i++)
    pthread_join(threads[i], NULL);
}
