// Waiting for any of several files.
#include "calls.h"
#include "file.h"
#include "process.h"
#include "signals.h"
#include "user.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>

// Looks at each; with `wait`, the task is put into their queues. Returns how many have something to tell.
static int64_t look(struct task *task, struct pollfd *entries, uint64_t count, bool wait) {
  int64_t found = 0;
  for (uint64_t i = 0; i < count; i++) {
    struct pollfd *entry = &entries[i];
    entry->revents = 0;
    if (entry->fd < 0)
      continue;
    struct file *file = descriptor_file(task, (uint64_t)entry->fd);
    int64_t events = POLLNVAL;
    if (file != NULL && file->operations->poll == NULL) {
      events = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
    } else if (file != NULL) {
      file_retain(file);
      events = file->operations->poll(file, wait ? task : NULL);
      file_release(file);
    }
    if (events < 0)
      return events;
    entry->revents = (short)(events & (entry->events | POLLERR | POLLHUP | POLLNVAL));
    found += entry->revents != 0;
  }
  return found;
}

// Waits until one has something to tell, or the time is over, which is 0.
static int64_t await(struct task *task, struct pollfd *entries, uint64_t count, uint64_t when) {
  int64_t found = look(task, entries, count, false);
  if (found != 0)
    return found;
  int64_t error = task_await_deadline(task, when);
  if (error < 0)
    return error == -ETIMEDOUT ? 0 : error;
  // Now with queues: what changed since is seen by this look.
  found = look(task, entries, count, true);
  return found == 0 ? CALL_BLOCKS : found;
}

// At the first try: takes the timeout and the mask of a ppoll or pselect.
static int64_t begin(struct task *task, uint64_t timeout, uint64_t mask_address, uint64_t mask_bytes,
                     uint64_t *when) {
  *when = NEVER;
  if (task->call.retried)
    return 0;
  if (timeout != 0) {
    struct timespec time;
    if (copy_in(task, &time, timeout, sizeof time) < 0)
      return -EFAULT;
    if (!timespec_valid(&time))
      return -EINVAL;
    *when = clock_deadline(&time, CLOCK_RELATIVE);
  }
  if (mask_address != 0) {
    signal_set mask;
    if (mask_bytes != sizeof mask)
      return -EINVAL;
    if (copy_in(task, &mask, mask_address, sizeof mask) < 0)
      return -EFAULT;
    task_mask_for_call(task, mask);
  }
  return 0;
}

HANDLER(sys_ppoll) {
  uint64_t count = arguments[1], when;
  if (count > MAX_DESCRIPTORS)
    return -EINVAL;
  struct pollfd few[8], *entries = count <= 8 ? few : malloc(count * sizeof *entries);
  if (entries == NULL)
    return -ENOMEM;
  int64_t result = copy_in(task, entries, arguments[0], count * sizeof *entries);
  if (result == 0)
    result = begin(task, arguments[2], arguments[3], arguments[4], &when);
  if (result == 0)
    result = await(task, entries, count, when);
  if (result >= 0 && copy_out(task, arguments[0], entries, count * sizeof *entries) < 0)
    result = -EFAULT;
  if (entries != few)
    free(entries);
  return result;
}

// Which events of poll(2) make a descriptor ready in each of select's sets.
static const short ready[3] = {POLLIN | POLLRDNORM | POLLHUP | POLLERR, POLLOUT | POLLWRNORM | POLLERR,
                               POLLPRI};

HANDLER(sys_pselect6) {
  uint64_t count = arguments[0], when;
  fd_set sets[3];
  struct pollfd *entries;
  uint64_t mask[2] = {0, 0};
  if (count > MAX_DESCRIPTORS)
    return -EINVAL;
  size_t bytes = (count + 63) / 64 * 8;
  memset(sets, 0, sizeof sets);
  for (unsigned i = 0; i < 3; i++)
    if (arguments[1 + i] != 0 && copy_in(task, &sets[i], arguments[1 + i], bytes) < 0)
      return -EFAULT;
  if (arguments[5] != 0 && copy_in(task, mask, arguments[5], sizeof mask) < 0)
    return -EFAULT;
  entries = calloc(count + 1, sizeof *entries);
  if (entries == NULL)
    return -ENOMEM;
  uint64_t used = 0;
  for (uint64_t fd = 0; fd < count; fd++) {
    short events = 0;
    for (unsigned i = 0; i < 3; i++)
      if (FD_ISSET(fd, &sets[i]))
        events |= ready[i];
    if (events != 0)
      entries[used++] = (struct pollfd){.fd = (int)fd, .events = events};
  }
  int64_t result = begin(task, arguments[4], mask[0], mask[1], &when);
  if (result == 0)
    result = await(task, entries, used, when);
  if (result >= 0) {
    fd_set answers[3];
    memset(answers, 0, sizeof answers);
    result = 0;
    for (uint64_t n = 0; n < used; n++) {
      if ((entries[n].revents & POLLNVAL) != 0)
        result = -EBADF;
      for (unsigned i = 0; i < 3 && result >= 0; i++) {
        if (FD_ISSET(entries[n].fd, &sets[i]) && (entries[n].revents & ready[i]) != 0) {
          FD_SET(entries[n].fd, &answers[i]);
          result++;
        }
      }
    }
    for (unsigned i = 0; i < 3 && result >= 0; i++)
      if (arguments[1 + i] != 0 && copy_out(task, arguments[1 + i], &answers[i], bytes) < 0)
        result = -EFAULT;
  }
  free(entries);
  return result;
}
