// System calls that may block, announced.
#include "blocking.h"
#include "thread.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

// errno must be read before blocking_end, which may move the thread to another kernel thread with another
// errno.

ssize_t thread_read(int descriptor, void *buffer, size_t bytes) {
  blocking_begin();
  ssize_t result = read(descriptor, buffer, bytes);
  if (result < 0)
    result = -errno;
  blocking_end();
  return result;
}

ssize_t thread_write(int descriptor, const void *buffer, size_t bytes) {
  blocking_begin();
  ssize_t result = write(descriptor, buffer, bytes);
  if (result < 0)
    result = -errno;
  blocking_end();
  return result;
}

int thread_accept(int descriptor) {
  blocking_begin();
  int result = accept4(descriptor, NULL, NULL, SOCK_CLOEXEC);
  if (result < 0)
    result = -errno;
  blocking_end();
  return result;
}
