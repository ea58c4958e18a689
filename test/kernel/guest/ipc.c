// Messages in all their forms.

#include "harness/workers.h"
#include <string.h>

const char subject[] = "ipc";

static uint64_t expected_word(unsigned words, unsigned i) { return (uint64_t)words << 32 | i << 8 | 0x5a; }

// Fills a message of that many words, beyond the fourth in the buffer.
static struct message long_message(unsigned words) {
  struct message message = {.tag = TAG(words, words, 0)};
  for (unsigned i = 0; i < MESSAGE_WORDS; i++) {
    uint64_t word = expected_word(words, i);
    if (i < MESSAGE_REGISTERS)
      message.words[i] = word;
    else
      message_buffer->words[i] = word;
  }
  return message;
}

static bool is_long_message(const struct message *message, unsigned words) {
  bool same = message->tag == TAG(words, words, 0);
  for (unsigned i = 0; i < words; i++)
    same = same &&
           (i < MESSAGE_REGISTERS ? message->words[i] : message_buffer->words[i]) == expected_word(words, i);
  return same;
}

// Answers each message with one of as many words, and ends at label 999.
static int64_t echo(uint64_t endpoint, uint64_t badge) {
  struct message message;
  int64_t error = message_receive((handle_t)endpoint, &message, WAIT_FOREVER);
  while (error == 0 && TAG_LABEL(message.tag) != 999) {
    unsigned words = TAG_WORDS(message.tag);
    check_equal(message.badge, badge);
    check(is_long_message(&message, words));
    message = long_message(words);
    error = message_reply_receive((handle_t)endpoint, &message, WAIT_FOREVER);
  }
  check_equal(error, 0);
  message = message_result(0);
  return message_reply(0, &message);
}

static void stop(handle_t endpoint) {
  struct message message = {.tag = TAG(999, 0, 0)};
  check_equal(message_call(endpoint, &message, WAIT_FOREVER), 0);
}

// The same messages by the fast path (no deadline) and by the slow one (a far deadline) give the same.
static void call_with_all_lengths(handle_t endpoint) {
  for (unsigned words = 0; words <= MESSAGE_WORDS; words++) {
    for (unsigned slow = 0; slow < 2; slow++) {
      struct message message = long_message(words);
      check_equal(message_call(endpoint, &message, slow ? milliseconds(100000) : WAIT_FOREVER), 0);
      check(is_long_message(&message, words));
    }
  }
  struct message message = {.tag = TAG(1, 121, 0)};
  check_equal(message_call(endpoint, &message, WAIT_FOREVER), -EINVAL);
  message.tag = TAG(1, 0, 5);
  check_equal(message_call(endpoint, &message, WAIT_FOREVER), -EINVAL);
  message.tag = TAG(LABEL_KERNEL, 0, 0);
  check_equal(message_call(endpoint, &message, WAIT_FOREVER), -EINVAL);
}

static void test_calls(void) {
  handle_t endpoint = (handle_t)kernel_create_endpoint();
  struct worker server = worker_start(HANDLE_PROCESS, echo, endpoint, 0);
  call_with_all_lengths(endpoint);
  stop(endpoint);
  check_equal(worker_join(server), 0);

  handle_t badged = (handle_t)kernel_copy_capability(endpoint, RIGHT_SEND | RIGHT_GRANT, 77);
  handle_t process = child_create(QUOTA, 0, 0);
  handle_t its_endpoint = (handle_t)kernel_grant(process, endpoint, RIGHT_RECEIVE, 0);
  struct worker other = worker_start(process, echo, its_endpoint, 77);
  call_with_all_lengths(badged);
  stop(badged);
  check_equal(worker_join(other), 0);
  child_end(process);
  kernel_delete(badged);
  kernel_delete(endpoint);
}

// What a call leaves of the registers that it has to preserve, and of those whose values are not the other's
// to see.
static void test_registers(void) {
  handle_t endpoint = (handle_t)kernel_create_endpoint();
  handle_t process = child_create(QUOTA, 0, 0);
  handle_t its_endpoint = (handle_t)kernel_grant(process, endpoint, RIGHT_RECEIVE, 0);
  struct worker server = worker_start(process, echo, its_endpoint, 0);
  settle();
  for (unsigned slow = 0; slow < 2; slow++) {
    struct message message = long_message(0);
    register uint64_t saved __asm__("a0") = endpoint;
    register uint64_t temporaries __asm__("a1") = message.tag;
    register uint64_t deadline __asm__("a6") = slow ? milliseconds(100000) : WAIT_FOREVER;
    register int64_t call __asm__("a7") = CALL_CALL;
    __asm__ volatile(
        "li s2, 102; li s3, 103; li s4, 104; li s5, 105; li s6, 106; li s7, 107\n"
        "li s8, 108; li s9, 109; li s10, 110; li s11, 111\n"
        "li t0, 0; li t1, 0; li t2, 0; li t3, 0; li t4, 0; li t5, 0; li t6, 0\n"
        "ecall\n"
        "or a1, t0, t1; or a1, a1, t2; or a1, a1, t3; or a1, a1, t4; or a1, a1, t5; or a1, a1, t6\n"
        "add a0, s2, s3; add a0, a0, s4; add a0, a0, s5; add a0, a0, s6; add a0, a0, s7\n"
        "add a0, a0, s8; add a0, a0, s9; add a0, a0, s10; add a0, a0, s11\n"
        : "+r"(saved), "+r"(temporaries), "+r"(deadline), "+r"(call)
        :
        : "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "a2", "a3", "a4", "a5",
          KERNEL_CALL_CLOBBERS);
    uint64_t sum = saved, seen = temporaries;
    check_equal(sum, 1065);
    check(seen >> 38 == 0); // no address of the kernel's
  }
  stop(endpoint);
  worker_join(server);
  child_end(process);
  kernel_delete(endpoint);
}

// Derived capabilities arrive with the same rights and badge; what may not be granted arrives as 0.
static int64_t take_capabilities(uint64_t endpoint, uint64_t unused) {
  (void)unused;
  struct message message;
  check_equal(message_receive((handle_t)endpoint, &message, WAIT_FOREVER), 0);
  check_equal(TAG_CAPABILITIES(message.tag), 4);
  struct capability_info info = {0};
  check_equal(kernel_identify(message_capability(&message, 0), &info), 0);
  check_equal(info.type, OBJECT_NOTIFICATION);
  check_equal(info.rights, RIGHT_SEND | RIGHT_GRANT);
  check_equal(info.badge, 5);
  check_equal(message_capability(&message, 1), 0); // not to be granted
  check_equal(message_capability(&message, 2), 0); // no capability
  check(message_capability(&message, 3) != 0);
  check_equal(kernel_signal(message_capability(&message, 0)), 0);
  check_equal(kernel_wait(message_capability(&message, 0), 0), -EBADF); // no right to
  message_drop_capabilities(&message);
  message_buffer->send[0] = HANDLE_PROCESS;
  message = (struct message){.tag = TAG(0, 0, 1)};
  return message_reply(0, &message);
}

static void test_capability_transfer(void) {
  handle_t endpoint = (handle_t)kernel_create_endpoint();
  handle_t notification = (handle_t)kernel_create_notification();
  handle_t badged = (handle_t)kernel_copy_capability(notification, RIGHT_SEND | RIGHT_GRANT, 5);
  handle_t secret = (handle_t)kernel_copy_capability(notification, RIGHT_SEND, 0);
  handle_t process = child_create(QUOTA, 0, 0);
  handle_t its_endpoint = (handle_t)kernel_grant(process, endpoint, RIGHT_RECEIVE, 0);
  struct worker server = worker_start(process, take_capabilities, its_endpoint, 0);
  message_buffer->send[0] = badged;
  message_buffer->send[1] = secret;
  message_buffer->send[2] = 31999;
  message_buffer->send[3] = endpoint;
  struct message message = {.tag = TAG(1, 0, 4)};
  check_equal(message_call(endpoint, &message, WAIT_FOREVER), 0);
  check_equal(kernel_wait(notification, 0), 5);
  check_equal(TAG_CAPABILITIES(message.tag), 1);
  struct capability_info info = {0};
  check_equal(kernel_identify(message_capability(&message, 0), &info), 0);
  check_equal(info.type, OBJECT_PROCESS);
  message_drop_capabilities(&message);
  worker_join(server);
  child_end(process);
  kernel_delete(badged);
  kernel_delete(secret);
  kernel_delete(notification);
  kernel_delete(endpoint);
}

static void test_time_outs(void) {
  handle_t endpoint = (handle_t)kernel_create_endpoint();
  handle_t notification = (handle_t)kernel_create_notification();
  handle_t port = (handle_t)kernel_create_port(1);
  struct message message = message_of(1, 0, 0, 0, 0);
  check_equal(message_call(endpoint, &message, 0), -EAGAIN);
  check_equal(message_send(endpoint, &message, 0), -EAGAIN);
  check_equal(message_receive(endpoint, &message, 0), -EAGAIN);
  check_equal(message_receive(port, &message, 0), -EAGAIN);
  message = message_of(1, 0, 0, 0, 0);
  check_equal(message_send(port, &message, 0), 0);
  check_equal(message_send(port, &message, 0), -EAGAIN);
  check_equal(message_call(port, &message, 0), -EINVAL);
  check_equal(kernel_wait(notification, 0), -EAGAIN);
  uint64_t deadline = 0;
  for (unsigned kind = 0; kind < 6; kind++) {
    static uint32_t word;
    int64_t result = 0;
    message = message_of(1, 0, 0, 0, 0);
    deadline = milliseconds(1) + kind * 777;
    switch (kind) {
    case 0:
      result = message_call(endpoint, &message, deadline);
      break;
    case 1:
      result = message_send(endpoint, &message, deadline);
      break;
    case 2:
      result = message_receive(endpoint, &message, deadline);
      break;
    case 3:
      result = message_send(port, &message, deadline);
      break;
    case 4:
      result = kernel_wait(notification, deadline);
      break;
    case 5:
      result = kernel_futex_wait(&word, 0, deadline);
      break;
    }
    uint64_t late = now() - deadline;
    check_equal(result, -ETIMEDOUT);
    check(late < lateness); // neither early nor late
  }
  deadline = milliseconds(1);
  check_equal(kernel_sleep(deadline), 0);
  check(now() - deadline < lateness);
  kernel_delete(port);
  kernel_delete(notification);
  kernel_delete(endpoint);
}

// Calls, and notes the answer.
static int64_t caller(uint64_t endpoint, uint64_t word) {
  struct message message = message_of(3, word, 0, 0, 0);
  return message_call((handle_t)endpoint, &message, WAIT_FOREVER);
}

static int64_t urgent_sender(uint64_t endpoint, uint64_t word) {
  struct message message = message_of(3, word, 0, 0, 0);
  message.tag |= TAG_URGENT;
  return message_send((handle_t)endpoint, &message, WAIT_FOREVER);
}

static int64_t sender(uint64_t endpoint, uint64_t word) {
  struct message message = message_of(3, word, 0, 0, 0);
  return message_send((handle_t)endpoint, &message, WAIT_FOREVER);
}

// Urgent ones first, then by priority, then by time.
static void test_order_of_senders(void) {
  handle_t endpoint = (handle_t)kernel_create_endpoint();
  struct worker workers[5];
  workers[0] = worker_start(HANDLE_PROCESS, sender, endpoint, 3);
  await_waiting(workers[0], WAIT_SEND);
  workers[1] = worker_start(HANDLE_PROCESS, sender, endpoint, 4);
  await_waiting(workers[1], WAIT_SEND);
  workers[2] = worker_start_with(HANDLE_PROCESS, sender, endpoint, 5, (struct work_options){.priority = 20});
  await_waiting(workers[2], WAIT_SEND);
  workers[3] =
      worker_start_with(HANDLE_PROCESS, urgent_sender, endpoint, 1, (struct work_options){.priority = 5});
  await_waiting(workers[3], WAIT_SEND);
  workers[4] =
      worker_start_with(HANDLE_PROCESS, urgent_sender, endpoint, 2, (struct work_options){.priority = 5});
  await_waiting(workers[4], WAIT_SEND);
  for (uint64_t word = 1; word <= 5; word++) {
    struct message message;
    check_equal(message_receive(endpoint, &message, 0), 0);
    check_equal(message.words[0], word);
    check_equal((message.tag & TAG_URGENT) != 0, word <= 2);
  }
  for (unsigned i = 0; i < 5; i++)
    check_equal(worker_join(workers[i]), 0);
  kernel_delete(endpoint);
}

static void test_ports(void) {
  handle_t port = (handle_t)kernel_create_port(4);
  check_equal(kernel_create_port(0), -EINVAL);
  check_equal(kernel_create_port(1ul << 40), -EINVAL);
  for (unsigned i = 0; i < 3; i++) {
    struct message message = long_message(i * 40);
    check_equal(message_send(port, &message, 0), 0);
  }
  struct message urgent = long_message(120);
  urgent.tag |= TAG_URGENT;
  check_equal(message_send(port, &urgent, 0), 0);
  struct message message = {.tag = TAG(1, 0, 1)};
  check_equal(message_send(port, &message, 0), -EINVAL);
  // Back-pressure: the next sender waits for room.
  struct worker blocked = worker_start(HANDLE_PROCESS, sender, port, 88);
  await_waiting(blocked, WAIT_SEND);
  check_equal(message_receive(port, &message, 0), 0);
  check((message.tag & TAG_URGENT) != 0);
  check_equal(worker_join(blocked), 0);
  for (unsigned i = 0; i < 3; i++) {
    check_equal(message_receive(port, &message, 0), 0);
    check(is_long_message(&message, i * 40));
  }
  check_equal(message_receive(port, &message, 0), 0);
  check_equal(message.words[0], 88);
  kernel_delete(port);
}

static int64_t mailbox_reader(uint64_t unused, uint64_t also) {
  (void)unused, (void)also;
  struct message message;
  check_equal(message_receive(0, &message, WAIT_FOREVER), 0);
  return (int64_t)(message.words[0] + message.badge);
}

static void test_mailboxes(void) {
  handle_t process = child_create(QUOTA, 0, 0);
  handle_t address = (handle_t)kernel_copy_capability(process, RIGHT_SEND, 1000);
  struct message message = message_of(1, 11, 0, 0, 0);
  check_equal(message_send(address, &message, 0), 0); // nobody reads yet
  struct worker reader = worker_start(process, mailbox_reader, 0, 0);
  check_equal(worker_join(reader), 1011);
  check_equal(kernel_await_end(process, milliseconds(1000), NULL), 0); // its only thread has ended
  check_equal(message_send(address, &message, 0), -EPIPE);
  kernel_delete(address);
  kernel_delete(process);
}

static int64_t waiter(uint64_t notification, uint64_t unused) {
  (void)unused;
  return kernel_wait((handle_t)notification, WAIT_FOREVER);
}

static int64_t bound_receiver(uint64_t endpoint, uint64_t unused) {
  (void)unused;
  struct message message;
  check_equal(message_receive((handle_t)endpoint, &message, WAIT_FOREVER), 0);
  check_equal(TAG_LABEL(message.tag), LABEL_NOTIFIED);
  check_equal(message.badge, 0);
  return (int64_t)message.words[0];
}

static void test_notifications(void) {
  handle_t notification = (handle_t)kernel_create_notification();
  handle_t bit1 = (handle_t)kernel_copy_capability(notification, RIGHT_SEND, 1);
  handle_t bit4 = (handle_t)kernel_copy_capability(notification, RIGHT_SEND, 4);
  check_equal(kernel_copy_capability(bit1, RIGHT_SEND, 2), -EPERM);
  check_equal(kernel_copy_capability(notification, RIGHT_SEND, 1ul << 63), -EINVAL);
  check_equal(kernel_signal(bit1), 0);
  check_equal(kernel_signal(bit4), 0);
  check_equal(kernel_wait(notification, 0), 5);
  struct worker worker = worker_start(HANDLE_PROCESS, waiter, notification, 0);
  await_waiting(worker, WAIT_NOTIFICATION);
  check_equal(kernel_signal(bit4), 0);
  check_equal(worker_join(worker), 4);

  handle_t endpoint = (handle_t)kernel_create_endpoint();
  worker = worker_start(HANDLE_PROCESS, bound_receiver, endpoint, 0);
  await_waiting(worker, WAIT_RECEIVE);
  check_equal(kernel_bind(worker.thread, notification), 0);
  check_equal(kernel_signal(bit1), 0);
  check_equal(worker_join(worker), 1);
  check_equal(kernel_signal(bit1), 0); // before it waits, too
  worker = worker_start_with(HANDLE_PROCESS, bound_receiver, endpoint, 0,
                             (struct work_options){.suspended = true});
  check_equal(kernel_bind(worker.thread, notification), 0);
  check_equal(kernel_resume(worker.thread), 0);
  check_equal(worker_join(worker), 1);
  kernel_delete(endpoint);
  kernel_delete(bit1);
  kernel_delete(bit4);
  kernel_delete(notification);
}

static void test_timers(void) {
  handle_t notification = (handle_t)kernel_create_notification();
  handle_t tick = (handle_t)kernel_copy_capability(notification, RIGHT_SEND, 8);
  handle_t timer = (handle_t)kernel_create_timer();
  uint64_t start = milliseconds(1);
  check_equal(kernel_set_timer(timer, tick, start, 0), 0);
  check_equal(kernel_wait(notification, milliseconds(100)), 8);
  check(now() - start < lateness);
  start = milliseconds(1);
  check_equal(kernel_set_timer(timer, tick, start, 2 * TICKS_PER_MILLISECOND), 0);
  for (uint64_t i = 0; i < 4; i++) {
    check_equal(kernel_wait(notification, milliseconds(100)), 8);
    check(now() - (start + i * 2 * TICKS_PER_MILLISECOND) < lateness);
  }
  check_equal(kernel_set_timer(timer, 0, 0, 0), 0);
  check_equal(kernel_wait(notification, milliseconds(5)), -ETIMEDOUT);
  check_equal(kernel_set_timer(timer, tick, now(), 1), -EINVAL); // would take all of the hart
  check_equal(kernel_set_timer(timer, tick, now(), ~0ul), 0);    // the next would be before the first
  check_equal(kernel_wait(notification, milliseconds(5)), 8);
  check_equal(kernel_wait(notification, milliseconds(5)), -ETIMEDOUT);
  kernel_delete(timer); // while it runs
  kernel_delete(tick);
  kernel_delete(notification);
}

// Replies are put aside and given in another order, by another thread.
static int64_t replier(uint64_t reply, uint64_t word) {
  struct message message = message_result((int64_t)word);
  int64_t error = message_reply((handle_t)reply, &message);
  check_equal(message_reply((handle_t)reply, &message), -EBADF); // it was for one answer
  return error;
}

static int64_t asker(uint64_t endpoint, uint64_t word) {
  struct message message = message_of(3, word, 0, 0, 0);
  int64_t error = message_call((handle_t)endpoint, &message, WAIT_FOREVER);
  return error < 0 ? error : (int64_t)message.words[0];
}

static void test_saved_replies(void) {
  handle_t endpoint = (handle_t)kernel_create_endpoint();
  struct worker askers[3];
  handle_t replies[3];
  check_equal(message_save_reply(), -ENOENT);
  for (unsigned i = 0; i < 3; i++) {
    struct message message;
    askers[i] = worker_start(HANDLE_PROCESS, asker, endpoint, i);
    check_equal(message_receive(endpoint, &message, milliseconds(1000)), 0);
    check_equal(message.words[0], i);
    replies[i] = (handle_t)message_save_reply();
  }
  struct message empty = message_result(0);
  check_equal(message_reply(0, &empty), -EPIPE); // there is no current caller
  for (unsigned i = 3; i-- > 0;) {
    check_equal(look_at(askers[i]).waiting, WAIT_REPLY);
    check_equal(worker_join(worker_start(HANDLE_PROCESS, replier, replies[i], 100 + i)), 0);
    check_equal(worker_join(askers[i]), 100 + i);
  }
  // One that is thrown away, and one whose caller is gone.
  struct message message;
  askers[0] = worker_start(HANDLE_PROCESS, asker, endpoint, 0);
  check_equal(message_receive(endpoint, &message, milliseconds(1000)), 0);
  replies[0] = (handle_t)message_save_reply();
  handle_t copy = (handle_t)kernel_copy_capability(replies[0], RIGHTS_ALL, 0);
  check_equal(kernel_delete(replies[0]), 0);
  check_equal(look_at(askers[0]).waiting, WAIT_REPLY);
  check_equal(kernel_delete(copy), 0);
  check_equal(worker_join(askers[0]), -EPIPE);
  askers[0] = worker_start(HANDLE_PROCESS, asker, endpoint, 0);
  check_equal(message_receive(endpoint, &message, milliseconds(1000)), 0);
  replies[0] = (handle_t)message_save_reply();
  check_equal(kernel_end_thread(askers[0].thread, 6), 0);
  check_equal(worker_join(askers[0]), 6);
  check_equal(message_reply(replies[0], &empty), -EPIPE);
  check_equal(message_reply(replies[0], &empty), -EBADF);
  kernel_delete(endpoint);
}

// A server that receives, and then ends without answering.
static int64_t deserter(uint64_t endpoint, uint64_t unused) {
  (void)unused;
  struct message message;
  check_equal(message_receive((handle_t)endpoint, &message, WAIT_FOREVER), 0);
  return 0;
}

static int64_t saver(uint64_t endpoint, uint64_t unused) {
  (void)unused;
  struct message message;
  check_equal(message_receive((handle_t)endpoint, &message, WAIT_FOREVER), 0);
  check(message_save_reply() > 0);
  return 0;
}

static int64_t receiver(uint64_t endpoint, uint64_t unused) {
  (void)unused;
  struct message message;
  return message_receive((handle_t)endpoint, &message, WAIT_FOREVER);
}

static void test_dying_partners(void) {
  // The server ends: with the call unanswered, with the reply saved, before it receives.
  handle_t endpoint = (handle_t)kernel_create_endpoint();
  struct worker client = worker_start(HANDLE_PROCESS, caller, endpoint, 0);
  check_equal(worker_join(worker_start(HANDLE_PROCESS, deserter, endpoint, 0)), 0);
  check_equal(worker_join(client), -EPIPE);

  struct child server = {.process = child_create(QUOTA, 0, 0)};
  check_equal(kernel_grant(server.process, endpoint, RIGHT_RECEIVE, 0), 3);
  server.worker = worker_start(server.process, saver, 3, 0);
  client = worker_start(HANDLE_PROCESS, caller, endpoint, 0);
  check_equal(worker_join(client), -EPIPE);
  child_join(server);

  // The last right to receive goes while senders and receivers wait.
  client = worker_start(HANDLE_PROCESS, caller, endpoint, 0);
  await_waiting(client, WAIT_SEND);
  handle_t send_only = (handle_t)kernel_copy_capability(endpoint, RIGHT_SEND, 0);
  kernel_delete(endpoint);
  check_equal(worker_join(client), -EPIPE);
  struct message message = message_of(1, 0, 0, 0, 0);
  check_equal(message_call(send_only, &message, WAIT_FOREVER), -EPIPE);
  check_equal(message_send(send_only, &message, WAIT_FOREVER), -EPIPE);
  kernel_delete(send_only);

  endpoint = (handle_t)kernel_create_endpoint();
  struct worker server2 = worker_start(HANDLE_PROCESS, receiver, endpoint, 0);
  await_waiting(server2, WAIT_RECEIVE);
  kernel_delete(endpoint);
  check_equal(worker_join(server2), -EPIPE);

  handle_t port = (handle_t)kernel_create_port(1);
  server2 = worker_start(HANDLE_PROCESS, receiver, port, 0);
  await_waiting(server2, WAIT_RECEIVE);
  kernel_delete(port);
  check_equal(worker_join(server2), -EPIPE);

  port = (handle_t)kernel_create_port(1);
  check_equal(message_send(port, &message, 0), 0);
  client = worker_start(HANDLE_PROCESS, sender, port, 0);
  await_waiting(client, WAIT_SEND);
  kernel_delete(port);
  check_equal(worker_join(client), -EPIPE);

  handle_t notification = (handle_t)kernel_create_notification();
  client = worker_start(HANDLE_PROCESS, waiter, notification, 0);
  await_waiting(client, WAIT_NOTIFICATION);
  kernel_delete(notification);
  check_equal(worker_join(client), -EPIPE);

  // The client ends while the server has its call.
  endpoint = (handle_t)kernel_create_endpoint();
  client = worker_start(HANDLE_PROCESS, caller, endpoint, 0);
  check_equal(message_receive(endpoint, &message, milliseconds(1000)), 0);
  check_equal(kernel_end_thread(client.thread, 9), 0);
  check_equal(worker_join(client), 9);
  check_equal(message_reply(0, &message), -EPIPE);
  // Interrupted, each of them.
  client = worker_start(HANDLE_PROCESS, caller, endpoint, 0);
  await_waiting(client, WAIT_SEND);
  check_equal(kernel_interrupt_thread(client.thread), 0);
  check_equal(worker_join(client), -EINTR);
  client = worker_start(HANDLE_PROCESS, caller, endpoint, 0);
  check_equal(message_receive(endpoint, &message, milliseconds(1000)), 0);
  check_equal(kernel_interrupt_thread(client.thread), 0);
  check_equal(worker_join(client), -EINTR);
  message = message_result(0);
  check_equal(message_reply(0, &message), -EPIPE);
  kernel_delete(endpoint);
}

// Producer and consumer with a bounded buffer in memory that both see, and nothing but futexes between them.
#define PLACES 8
#define ITEMS  2000
static struct {
  uint32_t produced, consumed; // futexes
  uint64_t items[PLACES];
} bounded;

static void await_change(uint32_t *word, uint32_t value) {
  kernel_futex_wait(word, value, milliseconds(5000));
}

static int64_t producer(uint64_t unused, uint64_t also) {
  (void)unused, (void)also;
  for (uint32_t i = 0; i < ITEMS; i++) {
    uint32_t consumed;
    while (i - (consumed = __atomic_load_n(&bounded.consumed, __ATOMIC_ACQUIRE)) == PLACES)
      await_change(&bounded.consumed, consumed);
    bounded.items[i % PLACES] = i * 3ul;
    __atomic_store_n(&bounded.produced, i + 1, __ATOMIC_RELEASE);
    kernel_futex_wake(&bounded.produced, 1);
  }
  return 0;
}

static void test_shared_memory(void) {
  struct child child = child_start(producer, 0, 0);
  uint64_t sum = 0;
  for (uint32_t i = 0; i < ITEMS; i++) {
    while (__atomic_load_n(&bounded.produced, __ATOMIC_ACQUIRE) == i)
      await_change(&bounded.produced, i);
    sum += bounded.items[i % PLACES];
    __atomic_store_n(&bounded.consumed, i + 1, __ATOMIC_RELEASE);
    kernel_futex_wake(&bounded.consumed, 1);
  }
  check_equal(sum, 3ul * ITEMS * (ITEMS - 1) / 2);
  check_equal(child_join(child), 0);
}

void test(void) {
  test_notifications(); // first, so that this process's table of capabilities has its size
  test_capability_transfer();
  struct system_info before = inventory();
  test_calls();
  test_registers();
  test_capability_transfer();
  test_time_outs();
  test_order_of_senders();
  test_ports();
  test_mailboxes();
  test_notifications();
  test_timers();
  test_saved_replies();
  test_dying_partners();
  test_shared_memory();
  check_inventory(&before);
}
