// Synchronous messages: call and reply.

#include "lib/clock.h"
#include "measure.h"
#include "partner.h"
#include "suites.h"
#include <stdbool.h>
#include <stdio.h>

#define WARM_UP 50
#define ROUNDS  1000

// Any deadline but none at all takes the slow path.
static uint64_t deadline;

static void echo(uint64_t endpoint) {
  partner_release();
  struct message message;
  message_receive((handle_t)endpoint, &message, WAIT_FOREVER);
  for (;;)
    message_reply_receive((handle_t)endpoint, &message, deadline);
}

// The answer is the next request: what a call costs is not mixed with what it takes to make up messages.
static void call(handle_t endpoint, unsigned words, unsigned rounds) {
  struct message message = message_of(0, 1, 2, 3, 4);
  message.tag = TAG(0, words, 0);
  uint64_t until = deadline;
  int64_t errors = 0;
  for (unsigned i = 0; i < rounds; i++)
    errors |= message_call(endpoint, &message, until);
  require(errors, "a call");
}

static void measure(const char *where, handle_t endpoint, bool fast) {
  static const unsigned lengths[] = {0, 4, 8, 16, 32, 64, 120};
  deadline = fast ? WAIT_FOREVER : clock_now() + (1ul << 40);
  for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    char name[64];
    snprintf(name, sizeof name, "call %s %s %u", where, fast ? "fast" : "slow", lengths[i]);
    call(endpoint, lengths[i], WARM_UP);
    struct moment start = moment_now();
    call(endpoint, lengths[i], ROUNDS);
    measured(name, start, ROUNDS);
  }
}

static void measure_with(const char *where, handle_t process) {
  handle_t endpoint = (handle_t)require(kernel_create_endpoint(), "an endpoint");
  handle_t served = endpoint;
  if (process != HANDLE_PROCESS)
    served = (handle_t)require(kernel_grant(process, endpoint, RIGHTS_ALL, 0), "a grant");
  struct partner server = partner_start(process, echo, served);
  measure(where, endpoint, true);
  measure(where, endpoint, false);
  partner_end(server);
  kernel_delete(endpoint);
}

void measure_calls(void) {
  partner_release();
  measure_with("between", partner_process());
  measure_with("inside", HANDLE_PROCESS);
  partner_bind();
}
