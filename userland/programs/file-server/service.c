#include "service.h"

#include "lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void answer_error(int client, int error) { say(client, "error %d %s\n", error, strerror(error)); }

int open_file(int root, const char *name) {
  if (name[0] == '/' || strstr(name, "..") != NULL)
    return -EACCES;
  int descriptor = openat(root, name, O_RDONLY | O_CLOEXEC);
  return descriptor < 0 ? -errno : descriptor;
}

long answer_read(int client, int descriptor, long offset, unsigned long length) {
  char data[LARGEST_READ];
  ssize_t count = pread(descriptor, data, length < LARGEST_READ ? length : LARGEST_READ, offset);
  if (count < 0) {
    int error = errno;
    answer_error(client, error);
    return -error;
  }
  if (say(client, "data %zd\n", count) == 0)
    write_all(client, data, (size_t)count);
  return count;
}
