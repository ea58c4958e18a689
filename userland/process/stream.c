#include "stream.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES 4096u

struct stream *stream_create(void) {
  struct stream *stream = calloc(1, sizeof *stream);
  if (stream != NULL)
    stream->references = 1;
  return stream;
}

void stream_release(struct stream *stream) {
  if (--stream->references > 0)
    return;
  free(stream->bytes);
  free(stream);
}

void stream_remove_reader(struct stream *stream) {
  stream->readers--;
  wake_all(&stream->changed);
}

void stream_remove_writer(struct stream *stream) {
  stream->writers--;
  wake_all(&stream->changed);
}

int64_t stream_read(struct task *task, struct stream *stream, struct transfer *transfer, bool nonblocking,
                    bool peek) {
  if (stream->used == 0) {
    if (stream->writers == 0)
      return 0;
    if (nonblocking)
      return -EAGAIN;
    return wait_on(task, &stream->changed) ? CALL_BLOCKS : -ENOMEM;
  }
  uint32_t start = stream->start, used = stream->used;
  int64_t error = 0;
  while (used > 0 && transfer->left > 0 && error == 0) {
    uint32_t chunk = used;
    if (chunk > stream->size - start)
      chunk = stream->size - start;
    if (chunk > transfer->left)
      chunk = (uint32_t)transfer->left;
    error = transfer_out(transfer, stream->bytes + start, chunk);
    if (error < 0)
      break;
    start = (start + chunk) % stream->size;
    used -= chunk;
  }
  if (!peek) {
    stream->start = used == 0 ? 0 : start;
    stream->used = used;
    wake_all(&stream->changed);
  }
  return transfer->done > 0 ? (int64_t)transfer->done : error;
}

// Makes the ring as large as it may become, or as large as `bytes` more need it.
static void grow(struct stream *stream, uint64_t bytes) {
  uint32_t size = stream->size == 0 ? FIRST_BYTES : stream->size;
  while (size < STREAM_BYTES && size < stream->used + bytes)
    size *= 2;
  if (size == stream->size)
    return;
  uint8_t *grown = malloc(size);
  if (grown == NULL)
    return;
  uint32_t first = stream->size - stream->start < stream->used ? stream->size - stream->start : stream->used;
  if (stream->used > 0) {
    memcpy(grown, stream->bytes + stream->start, first);
    memcpy(grown + first, stream->bytes, stream->used - first);
  }
  free(stream->bytes);
  stream->bytes = grown;
  stream->size = size;
  stream->start = 0;
}

int64_t stream_write(struct task *task, struct stream *stream, struct transfer *transfer, bool nonblocking) {
  while (transfer->left > 0) {
    if (stream->readers == 0)
      return transfer->done > 0 ? (int64_t)transfer->done : -EPIPE;
    grow(stream, transfer->left);
    if (stream->size == 0)
      return -ENOMEM;
    uint32_t room = stream->size - stream->used;
    // What fits into PIPE_BUF bytes is written at once or not yet (POSIX, write).
    bool atomic = transfer->done == 0 && transfer->left <= PIPE_BUF;
    if (room == 0 || (atomic && room < transfer->left)) {
      if (nonblocking)
        return transfer->done > 0 ? (int64_t)transfer->done : -EAGAIN;
      task->call.done = transfer->done;
      return wait_on(task, &stream->changed) ? CALL_BLOCKS : -ENOMEM;
    }
    uint32_t end = (stream->start + stream->used) % stream->size;
    uint32_t chunk = room < stream->size - end ? room : stream->size - end;
    if (chunk > transfer->left)
      chunk = (uint32_t)transfer->left;
    int64_t error = transfer_in(transfer, stream->bytes + end, chunk);
    if (error < 0)
      return transfer->done > 0 ? (int64_t)transfer->done : error;
    stream->used += chunk;
    wake_all(&stream->changed);
  }
  return (int64_t)transfer->done;
}

int64_t stream_poll_read(const struct stream *stream) {
  return (stream->used > 0 ? POLLIN | POLLRDNORM : 0) | (stream->writers == 0 ? POLLHUP : 0);
}

int64_t stream_poll_write(const struct stream *stream) {
  if (stream->readers == 0)
    return POLLERR | POLLOUT | POLLWRNORM;
  return STREAM_BYTES - stream->used >= PIPE_BUF ? POLLOUT | POLLWRNORM : 0;
}
