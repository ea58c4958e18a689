// Everything that is not a call: ports, mailboxes, notifications, and memory that two processes share.

#include "measure.h"
#include "partner.h"
#include "suites.h"
#include <stdatomic.h>

#define WARM_UP  64
#define ROUNDS   1024
#define CAPACITY 16

static void send(handle_t to, unsigned rounds) {
  for (unsigned i = 0; i < rounds; i++) {
    struct message message = message_of(1, i, i, i, i);
    require(message_send(to, &message, WAIT_FOREVER), "a message");
  }
}

static void receive(handle_t from, unsigned rounds) {
  struct message message;
  for (unsigned i = 0; i < rounds; i++)
    require(message_receive(from, &message, WAIT_FOREVER), "a message");
}

static void receive_all(uint64_t from) { receive((handle_t)from, WARM_UP + ROUNDS); }

static void measure_sending(const char *name, handle_t to, struct partner receiver) {
  send(to, WARM_UP);
  struct moment start = moment_now();
  send(to, ROUNDS);
  kernel_await_end(receiver.thread, WAIT_FOREVER, NULL);
  measured(name, start, ROUNDS);
  partner_join(receiver);
}

static void measure_ports(void) {
  handle_t port = (handle_t)require(kernel_create_port(CAPACITY), "a port");
  struct moment start = moment_now();
  for (unsigned i = 0; i < ROUNDS; i++) {
    send(port, 1);
    receive(port, 1);
  }
  measured("port self", start, ROUNDS);

  handle_t process = partner_process();
  handle_t granted = (handle_t)require(kernel_grant(process, port, RIGHTS_ALL, 0), "a grant");
  measure_sending("port", port, partner_start(process, receive_all, granted));
  kernel_delete(port);

  process = partner_process();
  measure_sending("mailbox", process, partner_start(process, receive_all, 0));
}

static handle_t here, there; // notifications, by the names of either process
static handle_t partner_here, partner_there;

static void answer_signals(uint64_t unused) {
  (void)unused;
  for (;;) {
    kernel_wait(partner_there, WAIT_FOREVER);
    kernel_signal(partner_here);
  }
}

static void signal_and_wait(unsigned rounds) {
  for (unsigned i = 0; i < rounds; i++) {
    require(kernel_signal(there), "a signal");
    require(kernel_wait(here, WAIT_FOREVER), "a signal");
  }
}

static void create_notifications(handle_t process) {
  here = (handle_t)require(kernel_create_notification(), "a notification");
  there = (handle_t)require(kernel_create_notification(), "a notification");
  partner_here = (handle_t)require(kernel_grant(process, here, RIGHTS_ALL, 1), "a grant");
  partner_there = (handle_t)require(kernel_grant(process, there, RIGHTS_ALL, 1), "a grant");
  here = (handle_t)require(kernel_copy_capability(here, RIGHTS_ALL, 1), "a copy");
  there = (handle_t)require(kernel_copy_capability(there, RIGHTS_ALL, 1), "a copy");
}

static void measure_notifications(void) {
  handle_t process = partner_process();
  create_notifications(process);
  struct moment start = moment_now();
  for (unsigned i = 0; i < ROUNDS; i++) {
    kernel_signal(here);
    kernel_wait(here, WAIT_FOREVER);
  }
  measured("notification self", start, ROUNDS);

  struct partner partner = partner_start(process, answer_signals, 0);
  signal_and_wait(WARM_UP);
  start = moment_now();
  signal_and_wait(ROUNDS);
  measured("notification", start, 2 * ROUNDS);
  partner_end(partner);
}

// A bounded buffer in memory that both processes see. Who finds it empty or full waits for a signal, which
// the other gives only when it ends that.
static _Atomic uint64_t produced, consumed;
static uint64_t items[CAPACITY];
static uint64_t consumed_sum;

static void consume(uint64_t unused) {
  (void)unused;
  for (uint64_t taken = 0; taken < WARM_UP + ROUNDS; taken++) {
    while (produced == taken)
      kernel_wait(partner_there, WAIT_FOREVER);
    consumed_sum += items[taken % CAPACITY];
    consumed = taken + 1;
    if (produced == taken + CAPACITY)
      kernel_signal(partner_here);
  }
}

static void produce(uint64_t first, uint64_t end) {
  for (uint64_t made = first; made < end; made++) {
    while (made - consumed == CAPACITY)
      kernel_wait(here, WAIT_FOREVER);
    items[made % CAPACITY] = made;
    produced = made + 1;
    if (consumed == made)
      kernel_signal(there);
  }
}

static void measure_shared_memory(void) {
  handle_t process = partner_process();
  create_notifications(process);
  struct partner partner = partner_start(process, consume, 0);
  produce(0, WARM_UP);
  struct moment start = moment_now();
  produce(WARM_UP, WARM_UP + ROUNDS);
  kernel_await_end(partner.thread, WAIT_FOREVER, NULL);
  measured("shared memory", start, ROUNDS);
  partner_join(partner);
  uint64_t count = WARM_UP + ROUNDS;
  require(consumed_sum == count * (count - 1) / 2 ? 0 : -EINVAL, "every item once");
}

void measure_queues(void) {
  measure_ports();
  measure_notifications();
  measure_shared_memory();
}
