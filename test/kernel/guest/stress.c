// Threads, processes and messages by the thousand, with partners that end at any time: nothing may remain of
// them.

#include "harness/random.h"
#include "harness/workers.h"

const char subject[] = "stress";

void exit_at_once(void);
__asm__("exit_at_once: li a7, -14; ecall; j exit_at_once");

static void test_threads(uint64_t pairs) {
  struct system_info before = inventory();
  uint64_t failed = 0;
  for (uint64_t i = 0; i < pairs; i++) {
    struct thread_start start = {.pc = (uint64_t)exit_at_once,
                                 .arguments = {i},
                                 .priority = (uint32_t)UNCHANGED,
                                 .affinity = AFFINITY_ANY};
    struct end_info end = {0};
    int64_t thread = kernel_create_thread(HANDLE_PROCESS, &start);
    failed += kernel_await_end((handle_t)thread, WAIT_FOREVER, &end) != 0 || end.code != (int64_t)i;
    failed += kernel_delete((handle_t)thread) != 0;
  }
  check_equal(failed, 0);
  check_inventory(&before);
}

static void test_processes(uint64_t pairs) {
  struct system_info before = inventory();
  struct region_info text;
  handle_t memory = memory_at((void *)exit_at_once, &text);
  uint64_t failed = 0;
  for (uint64_t i = 0; i < pairs; i++) {
    struct process_start start = {.name = "short", .quota = 65536};
    struct end_info end = {0};
    handle_t process = (handle_t)kernel_create_process(&start);
    kernel_map(process, memory, text.address, text.first_page, text.pages, MAP_READ | MAP_EXECUTE);
    struct thread_start thread = {.pc = (uint64_t)exit_at_once,
                                  .arguments = {i},
                                  .priority = (uint32_t)UNCHANGED,
                                  .affinity = AFFINITY_ANY};
    failed += kernel_delete((handle_t)kernel_create_thread(process, &thread)) != 0;
    failed += kernel_await_end(process, WAIT_FOREVER, &end) != 0 || end.code != (int64_t)i;
    failed += kernel_delete(process) != 0;
  }
  check_equal(failed, 0);
  kernel_delete(memory);
  check_inventory(&before);
}

// Handles of every actor, by the order in which they are granted.
enum { ENDPOINT = 3, PORT, NOTIFICATION };

#define ACTORS 8 // even ones serve, odd ones call

static uint64_t messages;

// All forms of sending, with and without time-outs, until it ends in the midst of something.
static void act_as_client(uint64_t *state) {
  struct message message = message_of(1, 2, 3, 4, 5);
  uint64_t deadline = random_below(state, 4) == 0 ? now() + random_below(state, 500) : WAIT_FOREVER;
  switch (random_below(state, 8)) {
  case 0:
    message_send(ENDPOINT, &message, deadline);
    break;
  case 1:
    message_send(PORT, &message, deadline);
    break;
  case 2:
    kernel_signal(NOTIFICATION);
    break;
  case 3:
    message.tag = TAG(1, 120, 1) | TAG_URGENT;
    message_buffer->send[0] = NOTIFICATION;
    message_call(ENDPOINT, &message, deadline);
    break;
  default:
    message_call(ENDPOINT, &message, deadline);
  }
}

static void act_as_server(uint64_t *state, struct message *message) {
  uint64_t deadline = now() + random_below(state, 2000);
  handle_t reply;
  switch (random_below(state, 8)) {
  case 0:
    message_receive(PORT, message, deadline);
    break;
  case 1:
    kernel_wait(NOTIFICATION, 0);
    break;
  case 2:
    if (message_receive(ENDPOINT, message, deadline) == 0) {
      message_drop_capabilities(message);
      reply = (handle_t)message_save_reply();
      *message = message_result(0);
      if (random_below(state, 2) == 0)
        message_reply(reply, message);
      else
        kernel_delete(reply);
    }
    break;
  default:
    *message = message_result(0);
    if (message_reply_receive(ENDPOINT, message, random_below(state, 8) == 0 ? deadline : WAIT_FOREVER) == 0)
      message_drop_capabilities(message);
  }
}

static int64_t act(uint64_t seed, uint64_t serves) {
  uint64_t state = seed;
  struct message message = message_result(0);
  for (uint64_t life = 50 + random_below(&state, 3000); life > 0; life--) {
    if (serves)
      act_as_server(&state, &message);
    else
      act_as_client(&state);
    __atomic_fetch_add(&messages, 1, __ATOMIC_RELAXED);
  }
  return 0;
}

// Half of the actors share one process; the others have one each.
static struct child start_actor(unsigned index, handle_t common, const handle_t objects[3], uint64_t seed) {
  bool serves = index % 2 == 0, alone = index < ACTORS / 2;
  struct child actor = {.process = common};
  if (alone) {
    actor.process = child_create(QUOTA, 0, 0);
    uint32_t rights = serves ? RIGHT_RECEIVE : RIGHT_SEND | RIGHT_GRANT;
    for (unsigned i = 0; i < 3; i++)
      check_equal(kernel_grant(actor.process, objects[i], rights, 0), ENDPOINT + i);
  }
  struct work_options options = {.priority = 10 + index % 3};
  actor.worker = worker_start_with(actor.process, act, seed | 1, serves, options);
  return actor;
}

static void stop_actor(unsigned index, struct child actor) {
  if (index < ACTORS / 2) {
    child_kill(actor);
  } else {
    check_equal(kernel_end_thread(actor.worker.thread, 1), 0);
    worker_join(actor.worker);
  }
}

static void test_messages(uint64_t count) {
  struct system_info before = inventory();
  const handle_t objects[3] = {
      (handle_t)kernel_create_endpoint(), (handle_t)kernel_create_port(4),
      (handle_t)kernel_copy_capability((handle_t)kernel_create_notification(), RIGHTS_ALL, 1)};
  handle_t common = child_create(QUOTA, 0, 0);
  for (unsigned i = 0; i < 3; i++)
    check_equal(kernel_grant(common, objects[i], RIGHTS_ALL, 0), ENDPOINT + i);
  // Keeps the common process alive when its actors end.
  struct worker anchor = worker_start_with(common, act, 1, 1, (struct work_options){.suspended = true});
  struct child actors[ACTORS];
  uint64_t state = 0x123456789abcdef, deaths = 0, last = 0, quiet = 0;
  messages = 0;
  for (unsigned i = 0; i < ACTORS; i++)
    actors[i] = start_actor(i, common, objects, random_next(&state));
  while (messages < count && quiet < 1000) {
    kernel_sleep(now() + random_below(&state, 5000));
    unsigned i = (unsigned)random_below(&state, ACTORS);
    stop_actor(i, actors[i]);
    actors[i] = start_actor(i, common, objects, random_next(&state));
    quiet = messages == last ? quiet + 1 : 0;
    last = messages;
    deaths++;
  }
  check(quiet < 1000);
  for (unsigned i = 0; i < ACTORS; i++)
    stop_actor(i, actors[i]);
  child_end(common);
  worker_forget(anchor);
  kernel_delete(objects[0]);
  kernel_delete(objects[1]);
  kernel_delete(objects[2]);
  kernel_delete(objects[2] - 1); // the notification itself
  check_inventory(&before);
  print_line("%llu messages, %llu deaths", (unsigned long long)messages, (unsigned long long)deaths);
}

void test(void) {
  uint64_t count = amount(1000);
  kernel_schedule_thread(0, 20, UNCHANGED);
  test_threads(10); // the first have everything get its size
  test_processes(10);
  test_threads(count);
  test_processes(count / 50);
  test_messages(count);
}
