// Messages. A `struct message` that stays in one function lives in registers: nothing is copied.
//
// Words from MESSAGE_REGISTERS on and capabilities lie in the thread's message buffer, before a call and
// after it. The buffer belongs to the thread and is overwritten by its next message.
#pragma once

#include "lib/kernel.h"
#include "message.h"

struct message {
  uint64_t badge; // of the sender, when received
  uint64_t tag;   // TAG(label, words, capabilities)
  uint64_t words[MESSAGE_REGISTERS];
};

// The message buffer of the running thread; NULL in a thread that was started without one.
extern _Thread_local struct message_buffer *message_buffer;

// What the five message calls have in common: `handle` and the message go in, its answer comes back in place.
static inline __attribute__((always_inline)) int64_t
message_exchange(int64_t number, uint64_t handle, struct message *message, uint64_t deadline) {
  register uint64_t a0 __asm__("a0") = handle;
  register uint64_t a1 __asm__("a1") = message->tag;
  register uint64_t a2 __asm__("a2") = message->words[0];
  register uint64_t a3 __asm__("a3") = message->words[1];
  register uint64_t a4 __asm__("a4") = message->words[2];
  register uint64_t a5 __asm__("a5") = message->words[3];
  register uint64_t a6 __asm__("a6") = deadline;
  register int64_t a7 __asm__("a7") = number;
  __asm__ volatile("ecall"
                   : "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3), "+r"(a4), "+r"(a5), "+r"(a6), "+r"(a7)
                   :
                   : KERNEL_CALL_CLOBBERS);
  message->tag = a1;
  message->words[0] = a2;
  message->words[1] = a3;
  message->words[2] = a4;
  message->words[3] = a5;
  return (int64_t)a0;
}

// Sends the message and waits for its answer, which replaces it. Returns 0 or an error.
static inline __attribute__((always_inline)) int64_t message_call(handle_t endpoint, struct message *message,
                                                                  uint64_t deadline) {
  return message_exchange(CALL_CALL, endpoint, message, deadline);
}

// Receives a message from an endpoint, a port, or, with handle 0, the process's mailbox. Returns 0 or an
// error.
static inline __attribute__((always_inline)) int64_t
message_receive(handle_t endpoint, struct message *message, uint64_t deadline) {
  register uint64_t a0 __asm__("a0") = endpoint;
  register uint64_t a1 __asm__("a1");
  register uint64_t a2 __asm__("a2");
  register uint64_t a3 __asm__("a3");
  register uint64_t a4 __asm__("a4");
  register uint64_t a5 __asm__("a5");
  register uint64_t a6 __asm__("a6") = deadline;
  register int64_t a7 __asm__("a7") = CALL_RECEIVE;
  __asm__ volatile("ecall"
                   : "+r"(a0), "=r"(a1), "=r"(a2), "=r"(a3), "=r"(a4), "=r"(a5), "+r"(a6), "+r"(a7)
                   :
                   : KERNEL_CALL_CLOBBERS);
  message->badge = a0;
  message->tag = a1;
  message->words[0] = a2;
  message->words[1] = a3;
  message->words[2] = a4;
  message->words[3] = a5;
  return (int64_t)a0 < 0 ? (int64_t)a0 : 0;
}

// Answers the current caller with the message, then receives the next one in its place. Returns 0 or an
// error.
static inline __attribute__((always_inline)) int64_t
message_reply_receive(handle_t endpoint, struct message *message, uint64_t deadline) {
  int64_t result = message_exchange(CALL_REPLY_WAIT, endpoint, message, deadline);
  message->badge = (uint64_t)result;
  return result < 0 ? result : 0;
}

// Sends without an answer, to an endpoint, a port or a process's mailbox. Returns 0 or an error.
static inline int64_t message_send(handle_t to, const struct message *message, uint64_t deadline) {
  struct message sent = *message;
  return message_exchange(CALL_SEND, to, &sent, deadline);
}

// Answers a saved caller, or the current one with handle 0. A saved reply is used up. Returns 0 or an error.
static inline int64_t message_reply(handle_t reply, const struct message *message) {
  struct message sent = *message;
  return message_exchange(CALL_REPLY, reply, &sent, 0);
}

// Keeps the current caller waiting: returns a handle by which any thread may answer it later, or an error.
static inline int64_t message_save_reply(void) { return kernel_call0(CALL_SAVE_REPLY); }

// A message of a label and up to four words.
static inline struct message message_of(uint32_t label, uint64_t word0, uint64_t word1, uint64_t word2,
                                        uint64_t word3) {
  return (struct message){.tag = TAG(label, MESSAGE_REGISTERS, 0), .words = {word0, word1, word2, word3}};
}

// The usual answer: word 0 is the result, a number or a negative errno.
static inline struct message message_result(int64_t result) {
  return (struct message){.tag = TAG(0, 1, 0), .words = {(uint64_t)result}};
}

// Calls with a message whose answer's word 0 is a result, and returns that, or the error of the call itself.
static inline int64_t message_request(handle_t endpoint, struct message *message) {
  int64_t error = message_call(endpoint, message, WAIT_FOREVER);
  return error < 0 ? error : (int64_t)message->words[0];
}

// The `index`th capability of the message just received, or 0 if it has not that many.
static inline handle_t message_capability(const struct message *message, unsigned index) {
  return index < TAG_CAPABILITIES(message->tag) ? message_buffer->received[index] : 0;
}

// Deletes every capability of the message just received: of a request that is refused.
void message_drop_capabilities(const struct message *message);
