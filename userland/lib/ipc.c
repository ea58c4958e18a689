#include "lib/ipc.h"

void message_drop_capabilities(const struct message *message) {
  for (unsigned i = 0; i < TAG_CAPABILITIES(message->tag); i++)
    kernel_delete(message_buffer->received[i]);
}
