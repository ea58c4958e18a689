// The name server: which endpoint serves which name.

#include "lib/say.h"
#include "lib/server.h"
#include "lib/service.h"
#include "protocol/names.h"
#include <errno.h>
#include <stdlib.h>

#define MOST_NAMES   256
#define MOST_WAITERS 1024

struct service {
  struct service *next;
  uint64_t name[4];
  handle_t endpoint;
};

// Somebody who looks for a name that is not there yet.
struct waiter {
  struct waiter *next;
  uint64_t name[4];
  handle_t reply;
};

static struct service *services; // in the order of their registration
static struct waiter *waiters;
static unsigned service_count, waiter_count;

static bool same(const uint64_t a[4], const uint64_t b[4]) { return memcmp(a, b, NAMES_BYTES) == 0; }

// The link to the service of that name, or to where it would be added.
static struct service **find(const uint64_t name[4]) {
  struct service **link = &services;
  while (*link != NULL && !same((*link)->name, name))
    link = &(*link)->next;
  return link;
}

static struct message endpoint_answer(handle_t endpoint) {
  message_buffer->send[0] = endpoint;
  return (struct message){.tag = TAG(0, 1, 1)};
}

static void answer_waiters(const struct service *service) {
  for (struct waiter **link = &waiters; *link != NULL;) {
    struct waiter *waiter = *link;
    if (!same(waiter->name, service->name)) {
      link = &waiter->next;
      continue;
    }
    struct message answer = endpoint_answer(service->endpoint);
    message_reply(waiter->reply, &answer); // who died meanwhile needs none
    *link = waiter->next;
    waiter_count--;
    free(waiter);
  }
}

static int64_t add(const uint64_t name[4], handle_t endpoint) {
  struct service **link = find(name), *service = *link;
  if (service != NULL) {
    kernel_delete(service->endpoint);
  } else {
    if (service_count == MOST_NAMES || (service = calloc(1, sizeof *service)) == NULL)
      return -ENOMEM;
    memcpy(service->name, name, NAMES_BYTES);
    *link = service;
    service_count++;
  }
  service->endpoint = endpoint;
  answer_waiters(service);
  return 0;
}

static int64_t remove_service(const uint64_t name[4]) {
  struct service **link = find(name), *service = *link;
  if (service == NULL)
    return -ENOENT;
  *link = service->next;
  service_count--;
  kernel_delete(service->endpoint);
  free(service);
  return 0;
}

// Keeps the caller until its name is registered.
static int64_t wait_for(const uint64_t name[4]) {
  struct waiter *waiter = waiter_count == MOST_WAITERS ? NULL : calloc(1, sizeof *waiter);
  if (waiter == NULL)
    return -EAGAIN;
  int64_t reply = message_save_reply();
  if (reply < 0) {
    free(waiter);
    return reply;
  }
  *waiter = (struct waiter){.next = waiters, .reply = (handle_t)reply};
  memcpy(waiter->name, name, NAMES_BYTES);
  waiters = waiter;
  waiter_count++;
  return 0;
}

static struct message list(uint64_t index) {
  const struct service *service = services;
  while (service != NULL && index-- > 0)
    service = service->next;
  if (service == NULL)
    return message_result(-ENOENT);
  return (struct message){.tag = TAG(0, 4, 0),
                          .words = {0, service->name[0], service->name[1], service->name[2]}};
}

static bool handle(struct message *message) {
  bool is_registrar = message->badge == NAMES_REGISTRAR;
  const uint64_t *name = message->words;
  handle_t endpoint = message_capability(message, 0);
  int64_t result = -ENOSYS;
  switch (request_label(message)) {
  case NAMES_FIND:
  case NAMES_AWAIT: {
    const struct service *service = *find(name);
    if (service != NULL) {
      *message = endpoint_answer(service->endpoint);
      return true;
    }
    if (request_label(message) == NAMES_AWAIT && (result = wait_for(name)) == 0)
      return false;
    if (request_label(message) == NAMES_FIND)
      result = -ENOENT;
    break;
  }
  case NAMES_REGISTER:
    result = !is_registrar ? -EPERM : endpoint == 0 ? -EINVAL : add(name, endpoint);
    if (result == 0) {
      *message = message_result(0);
      return true;
    }
    break;
  case NAMES_REMOVE:
    result = is_registrar ? remove_service(name) : -EPERM;
    break;
  case NAMES_LIST:
    *message = list(message->words[0]);
    return true;
  }
  message_drop_capabilities(message);
  *message = message_result(result);
  return true;
}

int main(void) {
  service_ready();
  die("cannot serve: error %ld", (long)serve(HANDLE_SERVICE, handle));
}
