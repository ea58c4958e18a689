// The supervisor, the first process: starts the servers, each with exactly the capabilities it needs,
// restarts those that end, and switches the machine off when the last user has gone.

#include "equipment.h"
#include "handles.h"
#include "lib/say.h"
#include "lib/server.h"
#include "lib/thread.h"
#include "machine.h"
#include "protocol/supervisor.h"
#include "servers.h"
#include <errno.h>

static bool handle(struct message *message) {
  unsigned server = (unsigned)message->badge - 1; // SERVER_BADGE
  switch (TAG_LABEL(message->tag)) {
  case LABEL_NOTIFIED:
    servers_ended(message->words[0]);
    return false;
  case SUPERVISOR_READY: {
    // The answer first: what follows asks the name server, which may be the one that is ready.
    struct message answer = message_result(0);
    message_reply(0, &answer);
    server_is_ready(server);
    return false;
  }
  case SUPERVISOR_END:
    *message = message_result(server_has_power(server) ? servers_end(message->words[0]) : -EPERM);
    return true;
  case SUPERVISOR_POWER:
    if (!server_has_power(server)) {
      *message = message_result(-EPERM);
      return true;
    }
    *message = message_result(
        kernel_power(HANDLE_MACHINE, message->words[0], (int64_t)(message->words[1] & UINT16_MAX)));
    return true;
  default:
    message_drop_capabilities(message);
    *message = message_result(-ENOSYS);
    return true;
  }
}

static uint64_t supervise(void *argument) {
  handle_t ends = *(const handle_t *)argument;
  machine_open();
  struct initrd initrd = machine_initrd();
  equipment_open(&initrd);
  int64_t endpoint = kernel_create_endpoint();
  if (endpoint < 0)
    die("no endpoint: error %ld", (long)endpoint);
  servers_open(&initrd, (handle_t)endpoint, ends);
  servers_start();
  die("cannot supervise: error %ld", (long)serve((handle_t)endpoint, handle));
}

int main(void) {
  // The kernel starts this thread without a message buffer.
  static struct thread supervising;
  int64_t ends = kernel_create_notification();
  handle_t notification = (handle_t)ends;
  int64_t error = ends < 0 ? ends : thread_create(&supervising, supervise, &notification);
  if (error == 0)
    error = kernel_bind(supervising.handle, notification);
  if (error < 0)
    die("cannot begin: error %ld", (long)error);
  return (int)thread_join(&supervising);
}
