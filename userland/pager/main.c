// The default pager: anonymous memory, which it swaps to the disk when its share of memory is used up
// (protocol/pager.h says by what policy).

#include "lib/say.h"
#include "lib/server.h"
#include "lib/service.h"
#include "object.h"
#include "page.h"
#include "protocol/pager.h"
#include <errno.h>
#include <string.h>

// While less than one page in so many is left, nothing new is promised.
#define RESERVED_SHARE 16

// The token of a request for memory to copy a page to (abi/message.h).
#define TOKEN_NO_MEMORY (~0ul)

static unsigned session_count;
static uint64_t own_index; // among the processes

// Our own entry in the kernel's list of processes, for what is left of our quota.
static struct process_info own_info(void) {
  struct process_info info = {0};
  int64_t error = kernel_inspect(HANDLE_MACHINE, INSPECT_PROCESS, own_index, &info, sizeof info);
  if (error < 0 || strcmp(info.name, PAGER_SERVICE) != 0) {
    for (own_index = 0; kernel_inspect(HANDLE_MACHINE, INSPECT_PROCESS, own_index, &info, sizeof info) >= 0;
         own_index++) {
      if (strcmp(info.name, PAGER_SERVICE) == 0)
        break;
    }
  }
  return info;
}

// Whether so many more pages may be promised.
static bool may_promise(uint64_t pages) {
  struct process_info info = own_info();
  uint64_t total = info.quota_limit / PAGE_BYTES + swap_slots();
  uint64_t left = (info.quota_limit - info.quota_used) / PAGE_BYTES + swap_free_slots();
  return left > total / RESERVED_SHARE && pages < left;
}

// The object that a request on a session names.
static struct object *find(const struct message *message) {
  struct object *object = object_at(message->words[0]);
  return object != NULL && object->owner == message->badge ? object : NULL;
}

// Answers with the memory of a new object, or undoes all if the client cannot have it.
static void answer_object(uint64_t number) {
  int64_t copy = kernel_copy_capability(object_at(number)->memory,
                                        RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE | RIGHT_GRANT, 0);
  if (copy < 0) {
    object_delete(number);
    struct message failure = message_result(copy);
    message_reply(0, &failure);
    return;
  }
  message_buffer->send[0] = (handle_t)copy;
  struct message answer = {.tag = TAG(0, 1, 1), .words = {number}};
  message_reply(0, &answer);
  kernel_delete((handle_t)copy);
}

// Makes an object of new memory, or of a copy of another's. Returns its number, or an error.
static int64_t create(uint64_t owner, uint64_t pages, const struct object *original) {
  int64_t number = object_create(owner, pages);
  if (number < 0)
    return number;
  struct object *object = object_at((uint64_t)number);
  int64_t memory = original == NULL ? kernel_create_memory(pages, 0, HANDLE_SERVICE, (uint64_t)number)
                                    : kernel_duplicate_memory(original->memory, (uint64_t)number);
  if (memory >= 0)
    object->memory = (handle_t)memory;
  if (memory < 0 || (original != NULL && !object_copy_slots(original, object))) {
    object_delete((uint64_t)number);
    return memory < 0 ? memory : -ENOMEM;
  }
  return number;
}

static int64_t duplicate(const struct message *message) {
  const struct object *original = find(message);
  if (original == NULL)
    return -EBADF;
  if (!may_promise(1))
    return -ENOMEM;
  for (;;) {
    int64_t number = create(message->badge, original->pages, original);
    // The pages that are there count for the copy, too; some have to go first if there are too many.
    if (number != -ENOMEM || page_evict_some() == 0)
      return number;
  }
}

static int64_t resize(const struct message *message) {
  struct object *object = find(message);
  uint64_t pages = message->words[1];
  if (object == NULL)
    return -EBADF;
  if (pages > object->pages && !may_promise(pages - object->pages))
    return -ENOMEM;
  int64_t error = kernel_resize_memory(object->memory, pages);
  if (error < 0)
    return error;
  if (pages < object->pages)
    object_cut(object, pages);
  object->pages = pages;
  return 0;
}

static int64_t release(const struct message *message) {
  if (find(message) == NULL)
    return -EBADF;
  object_delete(message->words[0]);
  return 0;
}

static int64_t connect(void) {
  if (session_count == SESSION_SLOTS)
    return -EAGAIN;
  int64_t endpoint =
      kernel_copy_capability(HANDLE_SERVICE, RIGHT_SEND | RIGHT_GRANT, session_badge(session_count));
  if (endpoint < 0)
    return endpoint;
  session_count++;
  message_buffer->send[0] = (handle_t)endpoint;
  struct message answer = {.tag = TAG(0, 1, 1)};
  message_reply(0, &answer);
  kernel_delete((handle_t)endpoint);
  return 0;
}

static struct message statistics(void) {
  struct process_info info = own_info();
  return (struct message){
      .tag = TAG(0, 4, 0),
      .words = {0, info.quota_used / PAGE_BYTES, swap_slots(), swap_slots() - swap_free_slots()}};
}

// Answers a page request: the access is tried again, or becomes an exception.
static struct message supply(const struct message *message) {
  struct object *object = object_at(message->words[0]);
  uint64_t page = message->words[1], token = message->words[3];
  int64_t error;
  if (object == NULL)
    error = -ESTALE;
  else if (token == TOKEN_NO_MEMORY) // the page is there, but a copy of it cannot be made
    error = page_evict_some() > 0 ? 0 : -ENOMEM;
  else
    error = page_supply(object, page);
  if (error < 0)
    say("page %lu of an object is lost: error %ld", page, (long)error);
  return (struct message){.tag = TAG(error < 0 ? RESUME_END : RESUME_RETRY, 0, 0)};
}

static bool handle(struct message *message) {
  int64_t result = -ENOSYS;
  uint32_t label = TAG_LABEL(message->tag);
  if (label == LABEL_PAGE_REQUEST) {
    *message = supply(message);
    return true;
  }
  message_drop_capabilities(message);
  if (label != PAGER_CONNECT && label != PAGER_STATISTICS && session_slot(message->badge) < 0) {
    *message = message_result(-ESTALE);
    return true;
  }
  switch (label) {
  case PAGER_CONNECT:
    result = connect();
    if (result == 0)
      return false; // answered
    break;
  case PAGER_CREATE:
    // A sparse object is no promise of all its pages.
    result = may_promise(message->words[1] != 0 ? message->words[1] : message->words[0])
                 ? create(message->badge, message->words[0], NULL)
                 : -ENOMEM;
    break;
  case PAGER_DUPLICATE:
    result = duplicate(message);
    break;
  case PAGER_RESIZE:
    result = resize(message);
    break;
  case PAGER_RELEASE:
    result = release(message);
    break;
  case PAGER_STATISTICS:
    *message = statistics();
    return true;
  }
  if ((label == PAGER_CREATE || label == PAGER_DUPLICATE) && result > 0) {
    answer_object((uint64_t)result);
    return false;
  }
  *message = message_result(result);
  return true;
}

int main(int count, char **arguments) {
  bool wants_swap = count < 2 || strcmp(arguments[1], "off") != 0;
  if (!page_open())
    die("no memory");
  if (!wants_swap || !swap_open())
    say("no swap: who asks for more memory than there is gets an error");
  service_ready();
  die("cannot serve: error %ld", (long)serve(HANDLE_SERVICE, handle));
}
