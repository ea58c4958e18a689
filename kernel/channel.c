// Endpoints: sender and receiver meet. And what they share with ports.

#include "channel.h"
#include "call.h"
#include "fault.h"
#include "hart.h"
#include "notification.h"
#include "process.h"
#include "sched.h"

// The receiver has the sender's call from now on.
static void take_call(struct thread *receiver, struct thread *sender) {
  sender->waiting = sender->sending == MESSAGE_USER ? WAIT_REPLY : WAIT_FAULT;
  sender->server = receiver;
  receiver->caller = sender;
  if (sender->effective_priority > receiver->effective_priority)
    thread_inherit(receiver);
}

// What a thread waits in when it has sent: for an answer, in no queue.
static void wait_for_answer(struct thread *sender, struct thread *receiver, uint64_t deadline) {
  bool is_user = sender->sending == MESSAGE_USER;
  thread_wait(sender, is_user ? WAIT_REPLY : WAIT_FAULT, NULL, deadline);
  take_call(receiver, sender);
}

void channel_wait_to_send(struct thread *sender, struct channel *channel, uint64_t badge, bool calls,
                          uint64_t deadline) {
  sender->sender_badge = badge;
  sender->calls = calls;
  sender->urgent = sender->sending == MESSAGE_USER && (sender->trapframe.a1 & TAG_URGENT) != 0;
  thread_wait(sender, WAIT_SEND, &channel->senders, deadline);
  if (channel->server != NULL)
    thread_inherit(channel->server);
}

static void serve(struct thread *receiver, struct channel *endpoint) {
  struct thread *before = endpoint->server;
  if (before != NULL) {
    before->serves = NULL;
    if (before->inherits)
      thread_inherit(before);
  }
  receiver->serves = endpoint;
  endpoint->server = receiver;
}

// Delivers to the first receiver. Returns it, or NULL if there is none.
static struct thread *meet_receiver(struct thread *sender, struct channel *endpoint, uint64_t badge) {
  struct thread *receiver = endpoint->receivers.first;
  if (receiver != NULL) {
    serve(receiver, endpoint);
    message_transfer(sender, receiver, badge);
  }
  return receiver;
}

int64_t channel_send(struct thread *thread, struct channel *channel, uint64_t badge, bool calls,
                     uint64_t deadline) {
  int64_t error = message_check(thread);
  if (error < 0)
    return error;
  if (channel->closed)
    return -EPIPE;
  thread->sending = MESSAGE_USER;
  thread->calls_made++;
  if (channel->object.type == OBJECT_PORT)
    return calls ? -EINVAL : port_send(thread, channel, badge, deadline);
  struct thread *receiver = meet_receiver(thread, channel, badge);
  if (receiver == NULL) {
    if (deadline == 0)
      return -EAGAIN;
    channel_wait_to_send(thread, channel, badge, calls, deadline);
    return CALL_PENDING;
  }
  if (!calls)
    return 0;
  wait_for_answer(thread, receiver, deadline);
  return CALL_PENDING;
}

bool channel_send_fault(struct thread *thread, struct channel *channel, uint64_t badge,
                        enum message_kind kind) {
  if (channel == NULL || channel->closed)
    return false;
  thread->sending = (uint8_t)kind;
  struct thread *receiver = meet_receiver(thread, channel, badge);
  if (receiver == NULL)
    channel_wait_to_send(thread, channel, badge, true, WAIT_FOREVER);
  else
    wait_for_answer(thread, receiver, WAIT_FOREVER);
  return true;
}

static int64_t endpoint_receive(struct thread *thread, struct channel *endpoint, uint64_t deadline) {
  struct thread *sender = endpoint->senders.first;
  if (sender == NULL) {
    if (deadline == 0)
      return -EAGAIN;
    thread_wait(thread, WAIT_RECEIVE, &endpoint->receivers, deadline);
    return CALL_PENDING;
  }
  serve(thread, endpoint);
  message_transfer(sender, thread, sender->sender_badge);
  if (sender->calls) {
    queue_remove(sender); // its deadline, if it has one, goes on
    take_call(thread, sender);
  } else {
    thread_complete(sender, 0);
  }
  return CALL_PENDING;
}

int64_t channel_receive(struct thread *thread, struct channel *channel, uint64_t deadline) {
  channel_abandon_caller(thread);
  if (thread->state == THREAD_ENDED)
    return CALL_PENDING; // its own process ended with the caller's
  channel_stop_serving(thread);
  struct notification *bound = thread->bound;
  if (bound != NULL && bound->bits != 0) {
    uint64_t bits = bound->bits;
    bound->bits = 0;
    thread->trapframe.a1 = TAG(LABEL_NOTIFIED, NOTIFIED_WORDS, 0);
    thread->trapframe.a2 = bits;
    return 0;
  }
  return channel->object.type == OBJECT_PORT ? port_receive(thread, channel, deadline)
                                             : endpoint_receive(thread, channel, deadline);
}

void channel_notify(struct thread *thread, uint64_t bits) {
  uint64_t words[MESSAGE_REGISTERS] = {bits};
  message_deliver(thread, 0, TAG(LABEL_NOTIFIED, NOTIFIED_WORDS, 0), words, NULL);
}

void reply_forget(struct thread *thread) {
  if (thread->server != NULL) {
    struct thread *server = thread->server;
    thread->server = NULL;
    server->caller = NULL;
    thread_inherit(server);
  }
  if (thread->reply != NULL)
    thread->reply->caller = NULL;
  thread->reply = NULL;
}

int64_t channel_reply(struct thread *thread, struct thread *caller) {
  int64_t error = message_check(thread);
  if (error < 0)
    return error;
  if (caller == NULL)
    return -EPIPE;
  reply_forget(caller);
  if (caller->sending == MESSAGE_USER) {
    thread->sending = MESSAGE_USER;
    message_transfer(thread, caller, 0);
  } else {
    const uint64_t *more = thread->buffer == NULL ? NULL : thread->buffer->words;
    fault_resume(caller, thread->trapframe.a1, &thread->trapframe.a2, more);
  }
  return 0;
}

void reply_save(struct thread *thread, struct reply *reply) {
  struct thread *caller = thread->caller;
  reply_forget(caller);
  reply->caller = caller;
  caller->reply = reply;
}

// Nobody will answer.
static void fail_caller(struct thread *caller) {
  reply_forget(caller);
  if (caller->sending == MESSAGE_USER)
    thread_complete(caller, -EPIPE);
  else
    fault_abandoned(caller);
}

void channel_abandon_caller(struct thread *thread) {
  if (thread->caller != NULL)
    fail_caller(thread->caller);
}

void channel_stop_serving(struct thread *thread) {
  if (thread->serves != NULL && thread->serves->server == thread)
    thread->serves->server = NULL;
  thread->serves = NULL;
  if (thread->effective_priority != thread->priority)
    thread_inherit(thread);
}

struct thread *channel_waits_for(const struct thread *thread) {
  if (thread->waiting == WAIT_REPLY || thread->waiting == WAIT_FAULT)
    return thread->server;
  if (thread->waiting != WAIT_SEND)
    return NULL;
  // The queue it is in is its channel's first member but the object.
  const struct channel *channel =
      (const struct channel *)((const char *)thread->queue - offsetof(struct channel, senders));
  return channel->server;
}

static void fail_all(struct thread_queue *queue) {
  while (queue->first != NULL) {
    struct thread *thread = queue->first;
    if (thread->waiting == WAIT_SEND && thread->sending != MESSAGE_USER) {
      queue_remove(thread);
      thread->waiting = WAIT_FAULT; // for nobody
      fault_abandoned(thread);
    } else {
      thread_complete(thread, -EPIPE);
    }
  }
}

void channel_close(struct channel *channel) {
  channel->closed = true;
  fail_all(&channel->senders);
  fail_all(&channel->receivers);
}

void channel_destroy(struct channel *channel) {
  channel_close(channel);
  if (channel->server != NULL)
    channel->server->serves = NULL;
  channel->server = NULL;
  if (channel->object.type == OBJECT_PORT)
    port_destroy(channel);
}

void reply_destroy(struct reply *reply) {
  if (reply->caller != NULL)
    fail_caller(reply->caller);
}
