// Memory objects that back areas of address spaces, from the default pager.
#include "backing.h"
#include "lib/ipc.h"
#include "lib/service.h"
#include "protocol/pager.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

struct backing {
  uint32_t references;
  uint64_t handle;
  uint64_t object; // as the pager knows it
  uint64_t session;
  struct backing *copy; // while a space is forked
};

static handle_t pager, session;
static uint64_t session_number;

static int64_t connect_pager(void) {
  struct message message = message_of(PAGER_CONNECT, 0, 0, 0, 0);
  int64_t result = message_request(pager, &message);
  if (result < 0)
    return result;
  if (session != 0)
    kernel_delete(session);
  session = message_capability(&message, 0);
  session_number++;
  return 0;
}

void backing_init(void) {
  pager = (handle_t)service_await(PAGER_SERVICE);
  connect_pager();
}

// A pager that was restarted has lost what was in its objects; new ones are made with it.
static int64_t request(uint32_t label, uint64_t word0, uint64_t word1, handle_t *memory) {
  for (int tries = 0;; tries++) {
    struct message message = message_of(label, word0, word1, 0, 0);
    int64_t result = message_request(session, &message);
    if ((result != -EPIPE && result != -ESTALE) || tries > 0 || label == PAGER_RELEASE) {
      *memory = message_capability(&message, 0);
      return result;
    }
    if (connect_pager() < 0 || label != PAGER_CREATE)
      return -ENOMEM;
  }
}

static struct backing *wrap(uint32_t label, uint64_t word0, uint64_t word1) {
  struct backing *backing = calloc(1, sizeof *backing);
  if (backing == NULL)
    return NULL;
  handle_t memory = 0;
  int64_t object = request(label, word0, word1, &memory);
  // Without a place among our capabilities for it, the memory was not handed over.
  if (object >= 0 && memory == 0)
    request(PAGER_RELEASE, (uint64_t)object, 0, &memory);
  if (object < 0 || memory == 0) {
    free(backing);
    return NULL;
  }
  backing->references = 1;
  backing->handle = memory;
  backing->object = (uint64_t)object;
  backing->session = session_number;
  return backing;
}

struct backing *backing_create(uint64_t pages, uint64_t expected) {
  return wrap(PAGER_CREATE, pages, expected);
}

struct backing *backing_duplicate(struct backing *backing) {
  return backing->session == session_number ? wrap(PAGER_DUPLICATE, backing->object, 0) : NULL;
}

void backing_retain(struct backing *backing) { backing->references++; }

void backing_release(struct backing *backing) {
  if (--backing->references > 0)
    return;
  handle_t none;
  kernel_delete((handle_t)backing->handle);
  if (backing->session == session_number)
    request(PAGER_RELEASE, backing->object, 0, &none);
  free(backing);
}

uint64_t backing_handle(const struct backing *backing) { return backing->handle; }

struct backing **backing_copy(struct backing *backing) { return &backing->copy; }

void backing_statistics(uint64_t *resident, uint64_t *swap, uint64_t *used) {
  struct message message = message_of(PAGER_STATISTICS, 0, 0, 0, 0);
  bool known = message_request(session, &message) == 0;
  *resident = known ? message.words[1] : 0;
  *swap = known ? message.words[2] : 0;
  *used = known ? message.words[3] : 0;
}
