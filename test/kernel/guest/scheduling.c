// Who runs when, and where: priorities, turns, affinity, inheritance.

#include "harness/workers.h"
#include <string.h>

const char subject[] = "scheduling";

#define LOW    5
#define MIDDLE 8
#define HIGH   12
#define HARTS  8

static unsigned harts;

static struct work_options at_priority(uint32_t priority) {
  return (struct work_options){.priority = priority};
}

static struct work_options on_hart(uint32_t priority, unsigned hart) {
  return (struct work_options){.priority = priority, .affinity = 1ul << hart};
}

// The order in which workers got to their work.
static uint32_t places, order[64];

static void note_turn(uint64_t name) {
  order[__atomic_fetch_add(&places, 1, __ATOMIC_RELAXED)] = (uint32_t)name;
}

static int64_t come_and_go(uint64_t name, uint64_t unused) {
  (void)unused;
  note_turn(name);
  return 0;
}

// On one hart, all 32 priorities run from the most urgent to the least, whatever the order of their start.
static void test_priorities(void) {
  struct worker workers[PRIORITIES];
  places = 0;
  for (uint32_t i = 0; i < PRIORITIES - 1; i++) {
    uint32_t priority = 1 + i * 7 % (PRIORITIES - 1);
    workers[i] =
        worker_start_with(HANDLE_PROCESS, come_and_go, priority, 0,
                          (struct work_options){.priority = priority, .affinity = 1, .suspended = true});
  }
  kernel_schedule_thread(0, UNCHANGED, 1); // nobody overtakes this one: none is more urgent
  for (uint32_t i = 0; i < PRIORITIES - 1; i++)
    check_equal(kernel_resume(workers[i].thread), 0);
  for (uint32_t i = 0; i < PRIORITIES - 1; i++)
    worker_join(workers[i]);
  for (uint32_t i = 0; i < PRIORITIES - 1; i++)
    check_equal(order[i], PRIORITIES - 1 - i);
  kernel_schedule_thread(0, UNCHANGED, AFFINITY_ANY);
  struct worker worker = worker_start_with(HANDLE_PROCESS, come_and_go, 0, 0,
                                           (struct work_options){.priority = LOW, .suspended = true});
  check_equal(kernel_schedule_thread(worker.thread, PRIORITIES, AFFINITY_UNCHANGED), -EINVAL);
  check_equal(kernel_schedule_thread(worker.thread, UNCHANGED, 1ul << 40), -EINVAL);
  check_equal(kernel_schedule_thread(worker.thread, UNCHANGED, AFFINITY_UNCHANGED), 0);
  kernel_resume(worker.thread);
  worker_join(worker);
}

// None can make itself or others more urgent than itself.
static int64_t try_to_rise(uint64_t unused, uint64_t also) {
  (void)unused, (void)also;
  check_equal(kernel_schedule_thread(0, LOW + 1, AFFINITY_UNCHANGED), -EPERM);
  check_equal(kernel_schedule_thread(0, LOW, AFFINITY_UNCHANGED), 0);
  struct thread_start start = {.pc = 0, .priority = LOW + 1, .affinity = AFFINITY_ANY, .suspended = 1};
  check_equal(kernel_create_thread(HANDLE_PROCESS, &start), -EPERM);
  check_equal(kernel_schedule_thread(0, LOW - 1, AFFINITY_UNCHANGED), 0);
  check_equal(kernel_schedule_thread(0, LOW, AFFINITY_UNCHANGED), -EPERM);
  return 0;
}

static volatile bool stop;
static uint64_t counts[16];

static int64_t count(uint64_t index, uint64_t unused) {
  (void)unused;
  while (!stop)
    __atomic_fetch_add(&counts[index], 1, __ATOMIC_RELAXED);
  return 0;
}

// Equal priorities get equal turns although nobody yields; a lower one gets none while they run.
static void test_turns(void) {
  struct worker workers[5];
  memset(counts, 0, sizeof counts);
  stop = false;
  for (unsigned i = 0; i < 4; i++)
    workers[i] = worker_start_with(HANDLE_PROCESS, count, i, 0, on_hart(MIDDLE, 0));
  workers[4] = worker_start_with(HANDLE_PROCESS, count, 4, 0, on_hart(LOW, 0));
  kernel_sleep(milliseconds(160)); // four turns of 10 ms each
  uint64_t low = counts[4];
  stop = true;
  for (unsigned i = 0; i < 5; i++)
    worker_join(workers[i]);
  check_equal(low, 0);
  for (unsigned i = 1; i < 4; i++)
    check(counts[i] > counts[0] / 2 && counts[i] < counts[0] * 2);
}

static int64_t sleep_and_note(uint64_t deadline, uint64_t unused) {
  (void)unused;
  kernel_sleep(deadline);
  return (int64_t)(now() - deadline);
}

// Who wakes runs at once if it is more urgent than who runs.
static void test_preemption(void) {
  stop = false;
  struct worker busy = worker_start_with(HANDLE_PROCESS, count, 0, 0, on_hart(LOW, 0));
  struct worker urgent =
      worker_start_with(HANDLE_PROCESS, sleep_and_note, milliseconds(3), 0, on_hart(HIGH, 0));
  check((uint64_t)worker_join(urgent) < TICKS_PER_MILLISECOND / 2);
  // Also when its priority rises while it is ready, or that of who runs falls.
  struct worker ready = worker_start_with(HANDLE_PROCESS, come_and_go, 0, 0, on_hart(LOW - 1, 0));
  check_equal(kernel_await_end(ready.thread, milliseconds(15), NULL), -ETIMEDOUT);
  check_equal(kernel_schedule_thread(ready.thread, HIGH, AFFINITY_UNCHANGED), 0);
  worker_join(ready);
  ready = worker_start_with(HANDLE_PROCESS, come_and_go, 0, 0, on_hart(LOW - 1, 0));
  check_equal(kernel_await_end(ready.thread, milliseconds(15), NULL), -ETIMEDOUT);
  check_equal(kernel_schedule_thread(busy.thread, LOW - 2, AFFINITY_UNCHANGED), 0);
  worker_join(ready);
  stop = true;
  worker_join(busy);
}

// A thread runs where it may; it moves when that changes; and work spreads over all harts.
static void test_affinity(void) {
  stop = false;
  memset(counts, 0, sizeof counts);
  struct worker busy = worker_start_with(HANDLE_PROCESS, count, 0, 0, on_hart(LOW, harts - 1));
  for (unsigned hart = harts; hart-- > 0;) {
    check_equal(kernel_schedule_thread(busy.thread, UNCHANGED, 1ul << hart), 0);
    settle();
    struct thread_info info = look_at(busy);
    check_equal(info.hart, hart);
    uint64_t before = counts[0];
    kernel_sleep(milliseconds(3));
    check(counts[0] > before); // it goes on there
  }
  check_equal(kernel_schedule_thread(busy.thread, UNCHANGED, AFFINITY_ANY), 0);
  struct worker others[HARTS];
  for (unsigned i = 1; i < harts; i++)
    others[i] = worker_start_with(HANDLE_PROCESS, count, i, 0, at_priority(LOW));
  settle();
  memset(counts, 0, sizeof counts);
  kernel_sleep(milliseconds(40));
  stop = true;
  worker_join(busy);
  for (unsigned i = 1; i < harts; i++)
    worker_join(others[i]);
  for (unsigned i = 0; i < harts; i++)
    check(counts[i] > 100); // each had a hart of its own, nearly always
}

// A chain of servers: each calls the next, the last one works. It runs at the first caller's priority.
#define LINKS 4
static handle_t links[LINKS];
static volatile uint32_t gate;

static int64_t link_of_chain(uint64_t index, uint64_t unused) {
  (void)unused;
  struct message message;
  check_equal(message_receive(links[index], &message, WAIT_FOREVER), 0);
  if (index + 1 < LINKS) {
    struct message inner = message_of(1, 0, 0, 0, 0);
    check_equal(message_call(links[index + 1], &inner, WAIT_FOREVER), 0);
  } else {
    note_turn(1);
    while (gate == 0)
      continue;
    note_turn(2);
  }
  message = message_result(0);
  return message_reply(0, &message);
}

static int64_t call_chain(uint64_t index, uint64_t unused) {
  (void)unused;
  struct message message = message_of(1, 0, 0, 0, 0);
  int64_t error = message_call(links[index], &message, WAIT_FOREVER);
  note_turn(3);
  return error;
}

static int64_t hog(uint64_t unused, uint64_t also) {
  (void)unused, (void)also;
  note_turn(4);
  while (!stop)
    continue;
  return 0;
}

// The classic inversion: a low server works for a high client while a middle hog wants the hart.
static void test_inheritance(void) {
  struct worker chain[LINKS];
  places = gate = 0;
  stop = false;
  for (unsigned i = 0; i < LINKS; i++) {
    links[i] = (handle_t)kernel_create_endpoint();
    chain[i] = worker_start_with(HANDLE_PROCESS, link_of_chain, i, 0, on_hart(LOW, 0));
  }
  settle();
  struct worker client = worker_start_with(HANDLE_PROCESS, call_chain, 0, 0, on_hart(HIGH, 0));
  settle();
  struct worker middle = worker_start_with(HANDLE_PROCESS, hog, 0, 0, on_hart(MIDDLE, 0));
  settle();
  check_equal(places, 1); // the server works, the hog has not begun
  check_equal(look_at(client).waits_for, look_at(chain[0]).id);
  for (unsigned i = 0; i < LINKS; i++) {
    struct thread_info info = look_at(chain[i]);
    check_equal(info.priority, LOW);
    check_equal(info.effective_priority, HIGH);
    check_equal(info.waits_for, i + 1 < LINKS ? look_at(chain[i + 1]).id : 0);
  }
  gate = 1;
  check_equal(worker_join(client), 0);
  stop = true;
  worker_join(middle);
  for (unsigned i = 0; i < LINKS; i++)
    check_equal(worker_join(chain[i]), 0);
  check_equal(order[0], 1);
  check_equal(order[1], 2);
  check_equal(order[2], 3); // the client goes on before the hog begins
  check_equal(order[3], 4);
  for (unsigned i = 0; i < LINKS; i++)
    kernel_delete(links[i]);
}

static int64_t slow_server(uint64_t unused, uint64_t also) {
  (void)unused, (void)also;
  struct message message;
  check_equal(message_receive(links[0], &message, WAIT_FOREVER), 0);
  while (gate == 0)
    continue;
  message = message_result(0);
  check_equal(message_reply_receive(links[0], &message, WAIT_FOREVER), 0);
  message = message_result(0);
  return message_reply(0, &message);
}

// A queue of callers lends its priority, too, and takes it back when the caller gives up.
static void test_inheritance_of_a_queue(void) {
  links[0] = (handle_t)kernel_create_endpoint();
  gate = 0;
  struct worker server = worker_start_with(HANDLE_PROCESS, slow_server, 0, 0, at_priority(LOW));
  struct worker first = worker_start_with(HANDLE_PROCESS, call_chain, 0, 0, at_priority(LOW));
  settle();
  check_equal(look_at(server).effective_priority, LOW);
  places = 0;
  struct worker second = worker_start_with(HANDLE_PROCESS, call_chain, 0, 0, at_priority(HIGH));
  settle();
  check_equal(look_at(second).waiting, WAIT_SEND);
  check_equal(look_at(second).waits_for, look_at(server).id);
  check_equal(look_at(server).effective_priority, HIGH);
  check_equal(kernel_schedule_thread(second.thread, MIDDLE, AFFINITY_UNCHANGED), 0);
  check_equal(look_at(server).effective_priority, MIDDLE);
  check_equal(kernel_interrupt_thread(second.thread), 0);
  check_equal(look_at(server).effective_priority, LOW);
  check_equal(worker_join(second), -EINTR);
  gate = 1;
  check_equal(worker_join(first), 0);
  struct message message = message_of(1, 0, 0, 0, 0);
  check_equal(message_call(links[0], &message, WAIT_FOREVER), 0);
  worker_join(server);
  kernel_delete(links[0]);
}

static int64_t knot(uint64_t index, uint64_t unused) {
  (void)unused;
  struct message message = message_of(1, 0, 0, 0, 0);
  check_equal(message_receive(links[index], &message, WAIT_FOREVER), 0);
  return message_call(links[1 - index], &message, WAIT_FOREVER);
}

// Two servers call each other: a deadlock, which can be seen, and broken.
static void test_deadlock(void) {
  struct worker knots[2];
  for (unsigned i = 0; i < 2; i++) {
    links[i] = (handle_t)kernel_create_endpoint();
    knots[i] = worker_start(HANDLE_PROCESS, knot, i, 0);
  }
  settle();
  struct message message = message_of(1, 0, 0, 0, 0);
  for (unsigned i = 0; i < 2; i++)
    check_equal(message_send(links[i], &message, milliseconds(1000)), 0);
  settle();
  struct thread_info infos[2] = {look_at(knots[0]), look_at(knots[1])};
  check_equal(infos[0].waits_for, infos[1].id);
  check_equal(infos[1].waits_for, infos[0].id);
  check_equal(kernel_interrupt_thread(knots[0].thread), 0);
  check_equal(worker_join(knots[0]), -EINTR);
  check_equal(kernel_interrupt_thread(knots[1].thread), 0);
  check_equal(worker_join(knots[1]), -EINTR);
  for (unsigned i = 0; i < 2; i++)
    kernel_delete(links[i]);
}

static int64_t yielder(uint64_t name, uint64_t turns) {
  for (uint64_t i = 0; i < turns; i++) {
    note_turn(name);
    kernel_yield();
  }
  return 0;
}

static void test_yielding(void) {
  struct worker workers[3];
  places = 0;
  for (unsigned i = 0; i < 3; i++)
    workers[i] = worker_start_with(HANDLE_PROCESS, yielder, i, 5,
                                   (struct work_options){.priority = LOW, .affinity = 1, .suspended = true});
  kernel_schedule_thread(0, UNCHANGED, 1);
  for (unsigned i = 0; i < 3; i++)
    kernel_resume(workers[i].thread);
  for (unsigned i = 0; i < 3; i++)
    worker_join(workers[i]);
  for (unsigned i = 0; i < 15; i++)
    check_equal(order[i], i % 3);
  kernel_schedule_thread(0, UNCHANGED, AFFINITY_ANY);
}

// Whoever sets more timers than can be served does not stop the rest.
static void test_many_timers(void) {
  enum { TIMERS = 1500 };
  static handle_t timers[TIMERS];
  handle_t notification = (handle_t)kernel_create_notification();
  kernel_schedule_thread(0, UNCHANGED, 1);
  uint64_t tenth_of_a_millisecond = TICKS_PER_MILLISECOND / 10;
  for (unsigned i = 0; i < TIMERS; i++) {
    timers[i] = (handle_t)kernel_create_timer();
    check_equal(kernel_set_timer(timers[i], notification, now(), tenth_of_a_millisecond), 0);
  }
  uint64_t start = now(), turns = 0;
  while (now() < start + 20 * TICKS_PER_MILLISECOND)
    turns++;
  check(turns > 1000);
  check_equal(kernel_sleep(now() + TICKS_PER_MILLISECOND), 0);
  for (unsigned i = 0; i < TIMERS; i++)
    kernel_delete(timers[i]);
  kernel_delete(notification);
  kernel_schedule_thread(0, UNCHANGED, AFFINITY_ANY);
}

void test(void) {
  harts = (unsigned)inventory().harts;
  test_deadlock(); // the first gives everything its size
  test_many_timers();
  struct system_info before = inventory();
  test_priorities();
  worker_join(worker_start_with(HANDLE_PROCESS, try_to_rise, 0, 0, at_priority(LOW)));
  test_turns();
  test_preemption();
  test_affinity();
  test_inheritance();
  test_inheritance_of_a_queue();
  test_deadlock();
  test_yielding();
  test_many_timers();
  check_inventory(&before);
}
