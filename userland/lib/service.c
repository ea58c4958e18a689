#include "lib/service.h"
#include "lib/ipc.h"
#include "protocol/names.h"
#include "protocol/supervisor.h"

static int64_t look_up(enum names_request request, const char *name) {
  struct message message = {.tag = TAG(request, MESSAGE_REGISTERS, 0)};
  names_pack(name, message.words);
  int64_t result = message_request(HANDLE_NAMES, &message);
  return result < 0 ? result : (int64_t)message_capability(&message, 0);
}

int64_t service_await(const char *name) {
  int64_t result;
  do {
    result = look_up(NAMES_AWAIT, name);
  } while (result == -EPIPE); // the name server is being restarted
  return result;
}

int64_t service_find(const char *name) { return look_up(NAMES_FIND, name); }

void service_ready(void) {
  struct message message = message_of(SUPERVISOR_READY, 0, 0, 0, 0);
  message_request(HANDLE_SUPERVISOR, &message);
}
