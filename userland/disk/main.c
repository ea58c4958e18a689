// The disk driver: a virtio block device as a service (protocol/disk.h).

#include "block.h"
#include "lib/say.h"
#include "lib/server.h"
#include "lib/service.h"
#include "session.h"
#include <errno.h>
#include <stdlib.h>

// What the supervisor grants if there is a disk.
#define HANDLE_REGISTERS HANDLE_OWN
#define HANDLE_INTERRUPT (HANDLE_OWN + 1)
#define HANDLE_MEMORY    (HANDLE_OWN + 2) // two wired pages; the supervisor's, since the device outlives us

#define MOST_REQUESTS 1024

// A client's request, until it is done.
struct job {
  struct block_request block; // first: one is cast to the other
  struct session *session;
  bool is_submitted; // told of by the ring, not by an answer
  handle_t reply;
  uint64_t cookie;
};

static bool has_disk;
static unsigned job_count;

static void job_done(struct block_request *request, int64_t result) {
  struct job *job = (struct job *)request;
  struct session *session = job->session;
  session->under_way--;
  if (job->is_submitted) {
    session->submitted--;
    session_complete(session, job->cookie, result);
  } else {
    struct message answer = message_result(result);
    message_reply(job->reply, &answer); // a client that died needs none
  }
  if (session->is_closing)
    session_close(session);
  job_count--;
  free(job);
}

// Whether the message asks for something that can be done: 0 or an error.
static int64_t check(const struct session *session, enum block_kind kind, const uint64_t words[4]) {
  uint64_t sector = words[0], sectors = words[1], offset = words[2];
  if (kind == BLOCK_FLUSH)
    return 0;
  if (sectors == 0 || sectors > DISK_MOST_SECTORS || sector > block_sectors() ||
      sectors > block_sectors() - sector || offset % DISK_SECTOR_BYTES != 0 ||
      !session_covers(session, offset, sectors * DISK_SECTOR_BYTES))
    return -EINVAL;
  return kind == BLOCK_WRITE && block_is_read_only() ? -EROFS : 0;
}

// Starts a request. Returns 0 or an error; it is answered later unless it is submitted.
static int64_t begin(const struct message *message, enum block_kind kind, bool is_submitted) {
  struct session *session = session_find(message->badge);
  if (session == NULL)
    return -ESTALE;
  int64_t error = check(session, kind, message->words);
  if (error < 0)
    return error;
  if (job_count == MOST_REQUESTS || (is_submitted && !session_may_submit(session)))
    return -EAGAIN;
  struct job *job = calloc(1, sizeof *job);
  if (job == NULL)
    return -ENOMEM;
  int64_t reply = is_submitted ? 0 : message_save_reply();
  if (reply < 0) {
    free(job);
    return reply;
  }
  *job = (struct job){
      .block = {.kind = kind,
                .sector = message->words[0],
                .sectors = (uint32_t)message->words[1],
                .pages = session->pages,
                .offset = (uint32_t)message->words[2],
                .done = job_done},
      .session = session,
      .is_submitted = is_submitted,
      .reply = (handle_t)reply,
      .cookie = message->words[3],
  };
  job_count++;
  session->under_way++;
  if (is_submitted)
    session->submitted++;
  block_submit(&job->block);
  return 0;
}

static struct message connect(const struct message *message) {
  handle_t memory = message_capability(message, 0), notification = message_capability(message, 1);
  int64_t slot = !has_disk ? -ENODEV
                           : session_open(memory, message->words[0], (uint32_t)message->words[1],
                                          (uint32_t)message->words[2], notification);
  if (slot < 0) {
    message_drop_capabilities(message);
    return message_result(slot);
  }
  uint64_t badge = session_badge((unsigned)slot);
  int64_t endpoint = kernel_copy_capability(HANDLE_SERVICE, RIGHT_SEND | RIGHT_GRANT, badge);
  struct session *session = session_find(badge);
  session->endpoint = endpoint < 0 ? 0 : (handle_t)endpoint;
  if (endpoint < 0) {
    session_close(session);
    return message_result(endpoint);
  }
  message_buffer->send[0] = (handle_t)endpoint;
  return (struct message){.tag = TAG(0, 1, 1)};
}

static int64_t disconnect(uint64_t badge) {
  struct session *session = session_find(badge);
  if (session == NULL)
    return -ESTALE;
  struct message answer = message_result(0);
  message_reply(0, &answer); // before its endpoint goes
  session_close(session);
  return 0;
}

static struct message info(void) {
  if (!has_disk)
    return message_result(-ENODEV);
  return (struct message){.tag = TAG(0, 3, 0),
                          .words = {0, block_sectors(), block_is_read_only() ? DISK_READ_ONLY : 0}};
}

// Requests that move data, by label: answered at the end, or submitted.
static bool is_transfer(uint32_t label, enum block_kind *kind, bool *is_submitted) {
  *is_submitted = label >= DISK_SUBMIT_READ;
  uint32_t first = *is_submitted ? DISK_SUBMIT_READ : DISK_READ;
  *kind = (enum block_kind)(label - first);
  return label >= DISK_READ && label <= DISK_SUBMIT_FLUSH;
}

static bool handle(struct message *message) {
  if (TAG_LABEL(message->tag) == LABEL_NOTIFIED) {
    block_interrupt();
    kernel_acknowledge_interrupt(HANDLE_INTERRUPT);
    return false;
  }
  uint32_t label = request_label(message);
  enum block_kind kind;
  bool is_submitted;
  if (is_transfer(label, &kind, &is_submitted)) {
    int64_t result = begin(message, kind, is_submitted);
    message_drop_capabilities(message);
    if (result == 0 && !is_submitted)
      return false;
    *message = message_result(result);
    return true;
  }
  switch (label) {
  case DISK_CONNECT:
    *message = connect(message);
    return true;
  case DISK_DISCONNECT:
    message_drop_capabilities(message);
    *message = message_result(disconnect(message->badge));
    return message->words[0] != 0;
  case DISK_INFO:
    message_drop_capabilities(message);
    *message = info();
    return true;
  default:
    message_drop_capabilities(message);
    *message = message_result(-ENOSYS);
    return true;
  }
}

static bool open_disk(void) {
  struct capability_info capability;
  if (kernel_identify(HANDLE_INTERRUPT, &capability) < 0)
    return false; // there is none
  int64_t error = block_open(HANDLE_REGISTERS, HANDLE_MEMORY);
  if (error < 0) {
    say("the disk does not start");
    return false;
  }
  int64_t notification = server_create_notification();
  int64_t bit =
      notification < 0 ? notification : kernel_copy_capability((handle_t)notification, RIGHT_SEND, 1);
  if (bit < 0 || kernel_bind_interrupt(HANDLE_INTERRUPT, (handle_t)bit) < 0)
    die("no interrupt");
  kernel_acknowledge_interrupt(HANDLE_INTERRUPT); // one that a driver before us left
  return true;
}

int main(void) {
  has_disk = open_disk();
  service_ready();
  die("cannot serve: error %ld", (long)serve(HANDLE_SERVICE, handle));
}
