// Pipes, and FIFOs, which are pipes that have a name in the file system.
#include "calls.h"
#include "file.h"
#include "process.h"
#include "signals.h"
#include "stream.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#define PIPE_DEVICE 12

// What the ends of a pipe have in common.
struct pipe {
  struct stream *stream;
  uint32_t ends;
  uint64_t inode;
  uint64_t device;                     // of a FIFO's name, else 0
  uint64_t readers_ever, writers_ever; // counted, so that an open sees a partner that came and went
  struct wait_queue partners;
  struct pipe *next; // of the FIFOs
};

static struct pipe *fifos;

static int64_t pipe_read(struct task *task, struct file *file, struct transfer *transfer,
                         uint64_t *position) {
  (void)position;
  const struct pipe *pipe = file->object;
  return stream_read(task, pipe->stream, transfer, file_nonblocking(file), false);
}

static int64_t pipe_write(struct task *task, struct file *file, struct transfer *transfer,
                          uint64_t *position) {
  (void)position;
  const struct pipe *pipe = file->object;
  int64_t result = stream_write(task, pipe->stream, transfer, file_nonblocking(file));
  if (pipe->stream->readers == 0 && transfer->left > 0)
    task_raise(task, SIGPIPE);
  return result;
}

static int64_t pipe_stat(struct file *file, struct stat *stat) {
  const struct pipe *pipe = file->object;
  *stat = stat_of(S_IFIFO | 0600, pipe->inode, pipe->device != 0 ? pipe->device : PIPE_DEVICE);
  return 0;
}

static int64_t pipe_poll(struct file *file, struct task *task) {
  struct pipe *pipe = file->object;
  if (task != NULL && !wait_on(task, &pipe->stream->changed))
    return -ENOMEM;
  return (file_readable(file) ? stream_poll_read(pipe->stream) : 0) |
         (file_writable(file) ? stream_poll_write(pipe->stream) : 0);
}

static int64_t pipe_control(struct task *task, struct file *file, uint64_t request, uint64_t argument) {
  const struct pipe *pipe = file->object;
  int bytes = (int)pipe->stream->used;
  return request == FIONREAD ? copy_out(task, argument, &bytes, sizeof bytes) : -ENOTTY;
}

static void pipe_close(struct file *file) {
  struct pipe *pipe = file->object;
  if (file_readable(file))
    stream_remove_reader(pipe->stream);
  if (file_writable(file))
    stream_remove_writer(pipe->stream);
  if (--pipe->ends > 0)
    return;
  for (struct pipe **link = &fifos; *link != NULL; link = &(*link)->next) {
    if (*link == pipe) {
      *link = pipe->next;
      break;
    }
  }
  stream_release(pipe->stream);
  free(pipe);
}

static const struct file_operations pipe_operations = {
    .read = pipe_read,
    .write = pipe_write,
    .stat = pipe_stat,
    .poll = pipe_poll,
    .control = pipe_control,
    .close = pipe_close,
};

static struct pipe *pipe_create(void) {
  static uint64_t inodes;
  struct pipe *pipe = calloc(1, sizeof *pipe);
  if (pipe == NULL)
    return NULL;
  pipe->stream = stream_create();
  pipe->inode = ++inodes;
  if (pipe->stream == NULL) {
    free(pipe);
    return NULL;
  }
  return pipe;
}

// An end of a pipe, or of both kinds (O_RDWR).
static struct file *pipe_end(struct pipe *pipe, uint32_t flags, const char *path) {
  struct file *file = file_create(&pipe_operations, flags, path);
  if (file == NULL)
    return NULL;
  file->object = pipe;
  pipe->ends++;
  if (file_readable(file)) {
    pipe->stream->readers++;
    pipe->readers_ever++;
  }
  if (file_writable(file)) {
    pipe->stream->writers++;
    pipe->writers_ever++;
  }
  return file;
}

HANDLER(sys_pipe2) {
  uint32_t flags = (uint32_t)arguments[1];
  if ((flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK)) != 0)
    return -EINVAL;
  struct pipe *pipe = pipe_create();
  if (pipe == NULL)
    return -ENOMEM;
  struct file *reader = pipe_end(pipe, O_RDONLY | flags, NULL);
  if (reader == NULL) {
    stream_release(pipe->stream);
    free(pipe);
    return -ENOMEM;
  }
  struct file *writer = pipe_end(pipe, O_WRONLY | flags, NULL);
  if (writer == NULL) {
    file_release(reader);
    return -ENOMEM;
  }
  return descriptors_add_pair(task, reader, writer, arguments[0], (flags & O_CLOEXEC) != 0);
}

int64_t fifo_await_partner(struct task *task, struct file *file) {
  struct pipe *pipe = file->object;
  bool reads = file_readable(file), writes = file_writable(file);
  // file->number: how many partners there had been when it was opened.
  bool alone = reads && !writes   ? pipe->stream->writers == 0 && pipe->writers_ever == file->number
               : writes && !reads ? pipe->stream->readers == 0 && pipe->readers_ever == file->number
                                  : false;
  if (!alone)
    return 0;
  return wait_on(task, &pipe->partners) ? CALL_BLOCKS : -ENOMEM;
}

int64_t fifo_open(struct task *task, const struct stat *stat, uint32_t flags, const char *path,
                  struct file **opened) {
  struct pipe *pipe = fifos;
  while (pipe != NULL && (pipe->inode != stat->st_ino || pipe->device != stat->st_dev))
    pipe = pipe->next;
  if ((flags & O_ACCMODE) == O_WRONLY && (flags & O_NONBLOCK) != 0 &&
      (pipe == NULL || pipe->stream->readers == 0))
    return -ENXIO;
  if (pipe == NULL) {
    pipe = pipe_create();
    if (pipe == NULL)
      return -ENOMEM;
    pipe->inode = stat->st_ino;
    pipe->device = stat->st_dev;
    pipe->next = fifos;
    fifos = pipe;
  }
  bool reads = (flags & O_ACCMODE) == O_RDONLY;
  uint64_t partners = reads ? pipe->writers_ever : pipe->readers_ever;
  struct file *file = pipe_end(pipe, flags, path);
  if (file == NULL)
    return -ENOMEM;
  file->number = partners;
  wake_all(&pipe->partners);
  wake_all(&pipe->stream->changed);
  int64_t result = (flags & O_NONBLOCK) != 0 ? 0 : fifo_await_partner(task, file);
  if (result == 0)
    *opened = file;
  else if (result == CALL_BLOCKS)
    task->call.held = file;
  else
    file_release(file);
  return result;
}
