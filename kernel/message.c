// How a message gets from a sender's registers and buffer into a receiver's.

#include "channel.h"
#include "fault.h"
#include "process.h"

// Puts words 0..3 into registers, the others into the buffer, as far as there is one. Returns how many
// arrived.
static uint64_t put_words(struct thread *receiver, uint64_t count, const uint64_t words[4],
                          const uint64_t *more) {
  uint64_t *registers = &receiver->trapframe.a2;
  for (unsigned i = 0; i < MESSAGE_REGISTERS; i++)
    registers[i] = words[i];
  if (count > MESSAGE_REGISTERS && (receiver->buffer == NULL || more == NULL))
    return MESSAGE_REGISTERS;
  for (uint64_t i = MESSAGE_REGISTERS; i < count; i++)
    receiver->buffer->words[i] = more[i];
  return count;
}

// Derives the capabilities that the sender names into the receiver's table. Those that cannot be arrive as
// handle 0.
static uint64_t put_capabilities(struct thread *receiver, const struct thread *sender, uint64_t count) {
  if (receiver->buffer == NULL)
    return 0;
  for (unsigned i = 0; i < count; i++) {
    struct capability *from = capability_at(&sender->process->table, sender->buffer->send[i]);
    struct capability *to = NULL;
    if (from != NULL && (from->rights & RIGHT_GRANT) != 0)
      to = capability_add(&receiver->process->table, from->object, from->rights, from->badge, from);
    receiver->buffer->received[i] = to == NULL ? 0 : to->handle;
  }
  return count;
}

void message_deliver(struct thread *receiver, uint64_t badge, uint64_t tag, const uint64_t words[4],
                     const uint64_t *more) {
  uint64_t count = put_words(receiver, TAG_WORDS(tag), words, more);
  receiver->trapframe.a1 = TAG(TAG_LABEL(tag), count, TAG_CAPABILITIES(tag)) | (tag & TAG_URGENT);
  receiver->received += receiver->waiting != WAIT_REPLY; // an answer belongs to the call
  thread_complete(receiver, (int64_t)badge);
}

int64_t message_check(const struct thread *sender) {
  uint64_t tag = sender->trapframe.a1;
  uint64_t words = TAG_WORDS(tag), capabilities = TAG_CAPABILITIES(tag);
  if (words > MESSAGE_WORDS || capabilities > MESSAGE_CAPABILITIES || TAG_LABEL(tag) >= LABEL_KERNEL)
    return -EINVAL;
  if ((words > MESSAGE_REGISTERS || capabilities > 0) && sender->buffer == NULL)
    return -EFAULT;
  return 0;
}

void message_transfer(struct thread *sender, struct thread *receiver, uint64_t badge) {
  if (sender->sending != MESSAGE_USER) {
    uint64_t words[EXCEPTION_WORDS];
    uint64_t tag = fault_message(sender, words);
    message_deliver(receiver, badge, tag, words, words);
    return;
  }
  uint64_t tag = sender->trapframe.a1;
  uint64_t arrived = put_capabilities(receiver, sender, TAG_CAPABILITIES(tag));
  tag = TAG(TAG_LABEL(tag), TAG_WORDS(tag), arrived) | (tag & TAG_URGENT);
  const uint64_t *more = sender->buffer == NULL ? NULL : sender->buffer->words;
  message_deliver(receiver, badge, tag, &sender->trapframe.a2, more);
}
