// What the program allocates itself: pthreads' own.
#pragma once

#include <pthread.h>
#include <semaphore.h>

struct mutex {
  pthread_mutex_t mutex;
};

struct condition {
  pthread_cond_t condition;
};

struct semaphore {
  sem_t semaphore;
};
