// Ports: messages are buffered, up to the port's capacity; then senders wait.

#include "call.h"
#include "channel.h"
#include "pmem.h"
#include "pool.h"
#include "process.h"

struct port_message {
  struct port_message *next;
  uint64_t badge, tag;
  uint64_t words[MESSAGE_REGISTERS]; // a long message has all of its words behind this structure instead
};

static struct pool short_messages = POOL(sizeof(struct port_message));
static struct pool long_messages = POOL(sizeof(struct port_message) + sizeof(uint64_t) * MESSAGE_WORDS);

static struct pool *pool_for(uint64_t tag) {
  return TAG_WORDS(tag) > MESSAGE_REGISTERS ? &long_messages : &short_messages;
}

static uint64_t *words_of(struct port_message *message) { return (uint64_t *)(message + 1); }

struct channel *port_create(struct quota *quota, uint32_t capacity) {
  struct channel *port = object_create(OBJECT_PORT, quota);
  if (port != NULL)
    port->capacity = capacity;
  return port;
}

// What a sender's registers and buffer say, as a message by itself; NULL when memory is exhausted.
static struct port_message *copy_message(const struct thread *sender, const struct channel *port,
                                         uint64_t badge) {
  uint64_t tag = sender->trapframe.a1;
  struct port_message *message = quota_allocate(port->object.quota, pool_for(tag));
  if (message == NULL)
    return NULL;
  message->badge = badge;
  message->tag = tag;
  const uint64_t *registers = &sender->trapframe.a2;
  for (unsigned i = 0; i < MESSAGE_REGISTERS; i++)
    message->words[i] = registers[i];
  for (uint64_t i = MESSAGE_REGISTERS; i < TAG_WORDS(tag); i++)
    words_of(message)[i] = sender->buffer->words[i];
  return message;
}

static void discard(struct channel *port, struct port_message *message) {
  quota_free(port->object.quota, pool_for(message->tag), message);
}

// Urgent messages come behind other urgent ones, and before the rest.
static void enqueue(struct channel *port, struct port_message *message) {
  bool urgent = (message->tag & TAG_URGENT) != 0;
  struct port_message *previous = urgent ? port->last_urgent : port->last;
  struct port_message **place = previous == NULL ? &port->first : &previous->next;
  message->next = *place;
  *place = message;
  if (message->next == NULL)
    port->last = message;
  if (urgent)
    port->last_urgent = message;
  port->held++;
}

static struct port_message *dequeue(struct channel *port) {
  struct port_message *message = port->first;
  port->first = message->next;
  if (port->last == message)
    port->last = NULL;
  if (port->last_urgent == message)
    port->last_urgent = NULL;
  port->held--;
  return message;
}

static void deliver(struct thread *receiver, struct port_message *message) {
  message_deliver(receiver, message->badge, message->tag, message->words, words_of(message));
}

int64_t port_send(struct thread *thread, struct channel *port, uint64_t badge, uint64_t deadline) {
  if (TAG_CAPABILITIES(thread->trapframe.a1) > 0)
    return -EINVAL; // a buffered message outlives the tables its handles mean something in
  struct thread *receiver = port->receivers.first;
  if (receiver != NULL) {
    message_transfer(thread, receiver, badge);
    return 0;
  }
  if (port->held == port->capacity) {
    if (deadline == 0)
      return -EAGAIN;
    channel_wait_to_send(thread, port, badge, false, deadline);
    return CALL_PENDING;
  }
  struct port_message *message = copy_message(thread, port, badge);
  if (message == NULL)
    return -ENOMEM;
  enqueue(port, message);
  return 0;
}

int64_t port_receive(struct thread *thread, struct channel *port, uint64_t deadline) {
  if (port->held == 0) {
    if (deadline == 0)
      return -EAGAIN;
    thread_wait(thread, WAIT_RECEIVE, &port->receivers, deadline);
    return CALL_PENDING;
  }
  struct port_message *message = dequeue(port);
  deliver(thread, message);
  discard(port, message);
  if (port->senders.first != NULL)
    thread_wake(port->senders.first); // it sends again, into the place that is free now
  return CALL_PENDING;
}

void port_destroy(struct channel *port) {
  while (port->first != NULL)
    discard(port, dequeue(port));
}
