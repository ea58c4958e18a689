// Where messages go: endpoints, which keep none, so that sender and receiver meet; and ports, which buffer
// them.
#pragma once

#define CHANNEL_SENDERS   16 // offsets for fastpath.S
#define CHANNEL_RECEIVERS 32
#define CHANNEL_SERVER    48

#ifndef __ASSEMBLER__

#include "object.h"
#include "thread.h"
#include "types.h"

// What endpoints and ports have in common.
struct channel {
  struct object object;
  struct thread_queue senders, receivers; // that wait; by priority
  struct thread *server;                  // of an endpoint: who received last, and has not come back
  uint64_t receive_rights; // capabilities to receive there are: without any, there is nobody to send to
  bool closed;             // there were some once, and there are none now
  // Of a port: what it holds.
  struct port_message *first, *last, *last_urgent;
  uint32_t held, capacity;
};

_Static_assert(offsetof(struct channel, senders) == CHANNEL_SENDERS, "fastpath.S");
_Static_assert(offsetof(struct channel, receivers) == CHANNEL_RECEIVERS, "fastpath.S");
_Static_assert(offsetof(struct channel, server) == CHANNEL_SERVER, "fastpath.S");

// A one-shot right to answer a call that was put aside.
struct reply {
  struct object object;
  struct thread *caller; // NULL: it waits no more
};

// The calls (abi/call.h). They return a result, or CALL_PENDING when the thread waits or has its result.
int64_t channel_send(struct thread *thread, struct channel *channel, uint64_t badge, bool calls,
                     uint64_t deadline);
int64_t channel_receive(struct thread *thread, struct channel *channel, uint64_t deadline);

// Answers the thread's current caller, or the caller of a saved reply, with what its registers say. EPIPE if
// that waits no more.
int64_t channel_reply(struct thread *thread, struct thread *caller);

// Has a reply, which is new, be the one to answer the thread's current caller.
void reply_save(struct thread *thread, struct reply *reply);

// Sends the kernel's own message about a thread, which waits for the answer from now on. Returns false if
// there is nobody to send it to.
bool channel_send_fault(struct thread *thread, struct channel *channel, uint64_t badge,
                        enum message_kind kind);

// The thread gives up its current caller, who is told so by EPIPE.
void channel_abandon_caller(struct thread *thread);

// Nobody may receive from it any more: who waits at it gets EPIPE.
void channel_close(struct channel *channel);

// Has a thread that waits to receive find its bound notification's bits.
void channel_notify(struct thread *thread, uint64_t bits);

// Puts a message into a receiver's registers and buffer and ends its wait. `words` are 0..3, `more` is
// indexed by word number and may be NULL; no capabilities.
void message_deliver(struct thread *receiver, uint64_t badge, uint64_t tag, const uint64_t words[4],
                     const uint64_t *more);

// A thread's call is no longer its server's, or a saved reply's, to answer.
void reply_forget(struct thread *thread);

// A thread is no longer the one that received last from an endpoint.
void channel_stop_serving(struct thread *thread);

// The thread that a waiting one waits for; NULL if that is nobody in particular.
struct thread *channel_waits_for(const struct thread *thread);

// Has a sender wait until its message can be taken.
void channel_wait_to_send(struct thread *sender, struct channel *channel, uint64_t badge, bool calls,
                          uint64_t deadline);

// A port that holds so many messages; NULL when memory is exhausted.
struct channel *port_create(struct quota *quota, uint32_t capacity);

// The part of `channel_send` and `channel_receive` that is a port's.
int64_t port_send(struct thread *thread, struct channel *port, uint64_t badge, uint64_t deadline);
int64_t port_receive(struct thread *thread, struct channel *port, uint64_t deadline);
void port_destroy(struct channel *port);

// Whether what a sender's registers say can be sent: 0 or an error.
int64_t message_check(const struct thread *sender);

// Puts what the sender sends, whatever kind that is, into the receiver's registers and buffer.
void message_transfer(struct thread *sender, struct thread *receiver, uint64_t badge);

// For object_release.
void channel_destroy(struct channel *channel);
void reply_destroy(struct reply *reply);

#endif
