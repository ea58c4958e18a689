// Bytes on their way from writers to readers: what is inside a pipe, and in each direction of a connection.
#pragma once

#include "file.h"

#define STREAM_BYTES 65536u

struct stream {
  uint32_t references;
  uint32_t readers, writers; // ends that are open
  uint8_t *bytes;            // a ring that grows up to STREAM_BYTES
  uint32_t size, start, used;
  struct wait_queue changed;
};

struct stream *stream_create(void); // with one reference; NULL: no memory
void stream_release(struct stream *stream);
void stream_remove_reader(struct stream *stream);
void stream_remove_writer(struct stream *stream);

// As read(2) and write(2) on a pipe. A write without readers is EPIPE; SIGPIPE is the caller's.
int64_t stream_read(struct task *task, struct stream *stream, struct transfer *transfer, bool nonblocking,
                    bool peek);
int64_t stream_write(struct task *task, struct stream *stream, struct transfer *transfer, bool nonblocking);

int64_t stream_poll_read(const struct stream *stream);
int64_t stream_poll_write(const struct stream *stream);
