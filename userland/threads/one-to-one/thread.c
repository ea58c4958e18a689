// Every thread is a kernel thread: the interface in terms of pthreads, and nothing more.
#include "thread.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct thread {
  pthread_t id;
  unsigned number;
  void *(*start)(void *argument);
  void *argument;
  // Of its end and its detachment, the second frees the record.
  atomic_bool half_released;
};

static struct thread first_thread;
static _Thread_local struct thread *self = &first_thread;
static atomic_uint last_number = 1;
static pthread_key_t keys[THREAD_KEYS];
static atomic_uint key_count;

const char *threads_model(void) { return "one-to-one"; }
void threads_set_concurrency(unsigned threads) { (void)threads; }

_Noreturn void threads_run(int (*first)(void *argument), void *argument) {
  first_thread.id = pthread_self();
  first_thread.number = 1;
  exit(first(argument));
}

static void release_half(struct thread *thread) {
  if (atomic_exchange(&thread->half_released, 1))
    free(thread);
}

static void *begin(void *argument) {
  self = argument;
  thread_exit(self->start(self->argument));
}

int thread_create(struct thread **thread, void *(*start)(void *argument), void *argument) {
  struct thread *created = calloc(1, sizeof *created);
  if (created == NULL)
    return -ENOMEM;
  created->number = ++last_number;
  created->start = start;
  created->argument = argument;
  int error = pthread_create(&created->id, NULL, begin, created);
  if (error != 0) {
    free(created);
    return -error;
  }
  *thread = created;
  return 0;
}

_Noreturn void thread_exit(void *result) {
  if (self != &first_thread)
    release_half(self);
  pthread_exit(result);
}

int thread_join(struct thread *thread, void **result) {
  int error = pthread_join(thread->id, result);
  if (error != 0)
    return -error;
  release_half(thread);
  return 0;
}

void thread_detach(struct thread *thread) {
  pthread_detach(thread->id);
  release_half(thread);
}

void thread_yield(void) { sched_yield(); }

struct thread *thread_self(void) { return self; }

unsigned thread_number(const struct thread *thread) { return thread->number; }

void thread_sleep(uint64_t nanoseconds) {
  struct timespec left = {.tv_sec = (time_t)(nanoseconds / 1000000000),
                          .tv_nsec = (long)(nanoseconds % 1000000000)};
  while (nanosleep(&left, &left) != 0 && errno == EINTR)
    continue;
}

int thread_key_create(unsigned *key) {
  unsigned taken = atomic_fetch_add(&key_count, 1);
  if (taken >= THREAD_KEYS || pthread_key_create(&keys[taken], NULL) != 0)
    return -EAGAIN;
  *key = taken;
  return 0;
}

void thread_set_value(unsigned key, void *value) { pthread_setspecific(keys[key], value); }

void *thread_value(unsigned key) { return pthread_getspecific(keys[key]); }

ssize_t thread_read(int descriptor, void *buffer, size_t bytes) {
  ssize_t result = read(descriptor, buffer, bytes);
  return result < 0 ? -errno : result;
}

ssize_t thread_write(int descriptor, const void *buffer, size_t bytes) {
  ssize_t result = write(descriptor, buffer, bytes);
  return result < 0 ? -errno : result;
}

int thread_accept(int descriptor) {
  int result = accept4(descriptor, NULL, NULL, SOCK_CLOEXEC);
  return result < 0 ? -errno : result;
}

void mutex_init(struct mutex *mutex) { pthread_mutex_init(&mutex->mutex, NULL); }
void mutex_lock(struct mutex *mutex) { pthread_mutex_lock(&mutex->mutex); }
_Bool mutex_try_lock(struct mutex *mutex) { return pthread_mutex_trylock(&mutex->mutex) == 0; }
void mutex_unlock(struct mutex *mutex) { pthread_mutex_unlock(&mutex->mutex); }

void condition_init(struct condition *condition) { pthread_cond_init(&condition->condition, NULL); }
void condition_wait(struct condition *condition, struct mutex *mutex) {
  pthread_cond_wait(&condition->condition, &mutex->mutex);
}
void condition_signal(struct condition *condition) { pthread_cond_signal(&condition->condition); }
void condition_broadcast(struct condition *condition) { pthread_cond_broadcast(&condition->condition); }

void semaphore_init(struct semaphore *semaphore, unsigned count) {
  sem_init(&semaphore->semaphore, 0, count);
}
void semaphore_wait(struct semaphore *semaphore) {
  while (sem_wait(&semaphore->semaphore) != 0)
    continue; // A signal came in between.
}
void semaphore_post(struct semaphore *semaphore) { sem_post(&semaphore->semaphore); }
