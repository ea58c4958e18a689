// Processes and threads: their lives, their ends, and their whole state taken out and put back.

#include "harness/workers.h"
#include <string.h>

const char subject[] = "processes";

static int64_t give_back(uint64_t value, uint64_t unused) {
  (void)unused;
  return (int64_t)value;
}

static int64_t wait_for_ever(uint64_t unused, uint64_t also) {
  (void)unused, (void)also;
  return kernel_sleep(WAIT_FOREVER);
}

static int64_t spin(uint64_t unused, uint64_t also) {
  (void)unused, (void)also;
  for (;;)
    __asm__ volatile("");
}

static int64_t die_of_a_fault(uint64_t unused, uint64_t also) {
  (void)unused, (void)also;
  *(volatile uint64_t *)8 = 0;
  return 0;
}

static void test_ends(void) {
  struct end_info end;
  check_equal(worker_join(worker_start(HANDLE_PROCESS, give_back, 42, 0)), 42);
  check_equal(child_join(child_start(give_back, 43, 0)), 43);
  struct child child = child_start(wait_for_ever, 0, 0);
  check_equal(kernel_await_end(child.process, 0, &end), -EAGAIN);
  check_equal(kernel_await_end(child.process, milliseconds(1), &end), -ETIMEDOUT);
  check_equal(kernel_end_process(child.process, -7), 0);
  check_equal(kernel_await_end(child.process, milliseconds(1000), &end), 0);
  check_equal(end.reason, END_EXITED);
  check_equal(end.code, -7);
  check_equal(kernel_end_process(child.process, -8), 0); // it has ended
  check_equal(kernel_create_thread(child.process, &(struct thread_start){0}), -ESRCH);
  check_equal(kernel_grant(child.process, HANDLE_PROCESS, RIGHTS_ALL, 0), -ESRCH);
  check_equal(child_join(child), -7);
  child = child_start(die_of_a_fault, 0, 0);
  check_equal(kernel_await_end(child.process, milliseconds(1000), &end), 0);
  check_equal(end.reason, END_FAULTED);
  check_equal(end.code, 15);
  child_join(child);
  struct worker worker = worker_start(HANDLE_PROCESS, spin, 0, 0);
  check_equal(kernel_end_thread(worker.thread, 5), 0);
  check_equal(worker_join(worker), 5);
  check_equal(kernel_await_end(HANDLE_PROCESS, WAIT_FOREVER, NULL), -EDEADLK);
}

static void test_notice_of_ends(void) {
  handle_t notification = (handle_t)kernel_create_notification();
  handle_t bit1 = (handle_t)kernel_copy_capability(notification, RIGHT_SEND, 1);
  handle_t bit2 = (handle_t)kernel_copy_capability(notification, RIGHT_SEND, 2);
  struct child child = child_start(wait_for_ever, 0, 0);
  check_equal(kernel_notify_end(child.process, bit1), 0);
  check_equal(kernel_notify_end(child.worker.thread, bit2), 0);
  check_equal(kernel_wait(notification, 0), -EAGAIN);
  child_kill(child);
  check_equal(kernel_wait(notification, milliseconds(1000)), 3);
  struct worker worker = worker_start(HANDLE_PROCESS, give_back, 0, 0);
  check_equal(kernel_await_end(worker.thread, milliseconds(1000), NULL), 0);
  check_equal(kernel_notify_end(worker.thread, bit2), 0); // too late, but told
  check_equal(kernel_wait(notification, 0), 2);
  worker_join(worker);
  kernel_delete(bit1);
  kernel_delete(bit2);
  kernel_delete(notification);
}

// Each process starts one inside itself, with half of its quota.
static int64_t nest(uint64_t depth, uint64_t quota) {
  if (depth == 0)
    return kernel_sleep(WAIT_FOREVER);
  struct process_start start = {.name = "nested", .quota = quota};
  int64_t process = kernel_create_process(&start);
  check(process > 0);
  return kernel_sleep(WAIT_FOREVER);
}

static void test_nested_processes(void) {
  struct system_info before = inventory();
  struct child child = child_start(nest, 1, 65536);
  await_waiting(child.worker, WAIT_SLEEP);
  check_equal(inventory().processes, before.processes + 2);
  child_kill(child);
  check_inventory(&before);
}

// A chain so deep that the kernel must not follow it on its stack. Each shares its creator's quota, and gets
// a thread that makes the next: with the image shared, by the handles of the one that made it.
#define DEPTH 400
static uint32_t deepest;
static uint8_t stacks[DEPTH + 1][1024] __attribute__((aligned(16)));

static int64_t dig(uint64_t depth, uint64_t unused) {
  (void)unused;
  __atomic_store_n(&deepest, (uint32_t)depth, __ATOMIC_RELEASE);
  kernel_futex_wake(&deepest, 1);
  if (depth == DEPTH)
    return kernel_sleep(WAIT_FOREVER);
  struct process_start start = {.name = "deeper"};
  int64_t process = kernel_create_process(&start), memory;
  if (!check(process > 0))
    return 0;
  struct region_info info;
  for (uint64_t i = 0; (memory = kernel_read_region(HANDLE_PROCESS, i, &info)) > 0; i++) {
    kernel_map((handle_t)process, (handle_t)memory, info.address, info.first_page, info.pages,
               (uint32_t)info.rights);
    kernel_delete((handle_t)memory);
  }
  kernel_grant((handle_t)process, (handle_t)process, RIGHTS_ALL, 0);
  kernel_grant((handle_t)process, HANDLE_MACHINE, RIGHT_SEND, 0);
  uint64_t gp, tp;
  __asm__("mv %0, gp; mv %1, tp" : "=r"(gp), "=r"(tp));
  struct thread_start thread = {.pc = (uint64_t)dig,
                                .sp = (uint64_t)stacks[depth + 1],
                                .gp = gp,
                                .tp = tp,
                                .arguments = {depth + 1},
                                .priority = (uint32_t)UNCHANGED,
                                .affinity = AFFINITY_ANY};
  check(kernel_create_thread((handle_t)process, &thread) > 0);
  return kernel_sleep(WAIT_FOREVER);
}

static void test_deep_nesting(void) {
  memset(stacks, 0, sizeof stacks); // so that their pages are there before anything is counted
  struct system_info before = inventory();
  handle_t process = child_create(64ul << 20, 0, 0);
  struct worker worker = worker_start(process, dig, 0, 0);
  uint32_t seen;
  while ((seen = __atomic_load_n(&deepest, __ATOMIC_ACQUIRE)) < DEPTH) {
    if (kernel_futex_wait(&deepest, seen, milliseconds(10000)) == -ETIMEDOUT)
      break;
  }
  check_equal(deepest, DEPTH);
  child_end(process);
  worker_forget(worker);
  for (unsigned i = 0; i < 1000 && inventory().processes != before.processes; i++)
    settle(); // those on other harts end there
  check_inventory(&before);
}

// Gives all registers but zero, sp, gp and tp known values, counts to `limit`, and adds them up.
int64_t count_in_registers(uint64_t unused, uint64_t limit);
__asm__(
    "count_in_registers:\n"
    "mv s11, a0; mv s10, ra; li ra, 11; li t0, 12; li t1, 13; li t2, 14; li s1, 15; li a2, 16; li a3, 17\n"
    "li a4, 18; li a5, 19; li a6, 20; li a7, 21; li s2, 22; li s3, 23; li s4, 24; li s5, 25; li s6, 26\n"
    "li s7, 27; li s8, 28; li s9, 29; li t3, 30; li t4, 31; li t5, 32; li t6, 33\n"
    "fcvt.d.w fa0, t6; fcvt.d.w fs11, t5\n"
    "li s0, 0\n"
    "1: addi s0, s0, 1\n"
    "bltu s0, a1, 1b\n"
    "fcvt.w.d t6, fa0; fcvt.w.d t5, fs11\n"
    "add s0, s0, ra; add s0, s0, t0; add s0, s0, t1; add s0, s0, t2; add s0, s0, s1; add s0, s0, a2\n"
    "add s0, s0, a3; add s0, s0, a4; add s0, s0, a5; add s0, s0, a6; add s0, s0, a7; add s0, s0, s2\n"
    "add s0, s0, s3; add s0, s0, s4; add s0, s0, s5; add s0, s0, s6; add s0, s0, s7; add s0, s0, s8\n"
    "add s0, s0, s9; add s0, s0, t3; add s0, s0, t4; add s0, s0, t5; add s0, s0, t6\n"
    "mv a0, s0; mv ra, s10; ret");

#define PATTERN_SUM ((33 + 11) * 23 / 2) // 11 + 12 + ... + 33

// Suspended at arbitrary instructions, its registers read, put into a new thread of another process, again
// and again.
static void test_migration_of_a_running_thread(void) {
  const uint64_t limit = 10000000;
  handle_t process = child_create(QUOTA, 0, 0);
  struct work_options less_urgent = {.priority = 10}; // so that it is interrupted when it is time
  struct worker worker = worker_start_with(process, count_in_registers, 0, limit, less_urgent);
  unsigned moves = 0;
  int64_t result = 0;
  for (;;) {
    struct thread_state state;
    struct end_info end;
    if (kernel_await_end(worker.thread, milliseconds(1), &end) == 0) {
      result = end.code;
      break;
    }
    int64_t error = kernel_suspend(process); // the whole process; it may have ended meanwhile
    check_equal(error, 0);
    error = kernel_read_thread(worker.thread, &state);
    if (error < 0)
      continue;
    check_equal(state.waiting, WAIT_NOT);
    handle_t other = child_create(QUOTA, 0, 0);
    struct worker moved =
        worker_start_with(other, give_back, 0, 0, (struct work_options){.priority = 10, .suspended = true});
    check_equal(kernel_write_thread(moved.thread, &state), 0);
    // The stack is where it was: only the registers are the thread's own.
    child_end(process);
    check_equal(kernel_resume(moved.thread), 0);
    kernel_delete(worker.thread);
    worker.thread = moved.thread; // both slots stay taken: this stack is in use
    process = other;
    moves++;
  }
  check_equal(result, (int64_t)(limit + PATTERN_SUM));
  check(moves >= 3);
  child_end(process);
  worker_forget(worker);
}

// What it waits in, it begins again in its new place.
enum kind {
  IN_RECEIVE,
  IN_REPLY_WAIT,
  IN_SLEEP,
  IN_FUTEX,
  IN_NOTIFICATION,
  IN_SEND,
  IN_CALL,
  IN_PAGE_FAULT,
  KINDS
};

static struct {
  handle_t endpoint, notification;
  uint32_t futex;
  uint64_t deadline;
  volatile uint64_t *page;
} common;

static int64_t wait_in(uint64_t kind, uint64_t unused) {
  (void)unused;
  struct message message = message_of(5, 6, 7, 8, 9);
  int64_t error;
  switch (kind) {
  case IN_RECEIVE:
    error = message_receive(common.endpoint, &message, WAIT_FOREVER);
    return error < 0 ? error : (int64_t)message.words[0];
  case IN_REPLY_WAIT:
    message_receive(common.endpoint, &message, WAIT_FOREVER);
    error = message_reply_receive(common.endpoint, &message, WAIT_FOREVER);
    return error < 0 ? error : (int64_t)message.words[0];
  case IN_SLEEP:
    return kernel_sleep(common.deadline);
  case IN_FUTEX:
    return kernel_futex_wait(&common.futex, 0, WAIT_FOREVER);
  case IN_NOTIFICATION:
    return kernel_wait(common.notification, WAIT_FOREVER);
  case IN_SEND:
    return message_send(common.endpoint, &message, WAIT_FOREVER);
  case IN_CALL:
    error = message_call(common.endpoint, &message, WAIT_FOREVER);
    return error < 0 ? error : (int64_t)message.words[0];
  default:
    return (int64_t)*common.page;
  }
}

static const enum wait_reason reasons[KINDS] = {
    [IN_RECEIVE] = WAIT_RECEIVE, [IN_REPLY_WAIT] = WAIT_RECEIVE,        [IN_SLEEP] = WAIT_SLEEP,
    [IN_FUTEX] = WAIT_FUTEX,     [IN_NOTIFICATION] = WAIT_NOTIFICATION, [IN_SEND] = WAIT_SEND,
    [IN_CALL] = WAIT_REPLY,      [IN_PAGE_FAULT] = WAIT_SEND,
};

#define PAGED ((volatile uint64_t *)0x3000000000)

// Has what it waits for happen; returns what its result is to be.
static int64_t end_wait(enum kind kind, handle_t pager, handle_t paged, uint64_t *source) {
  struct message message = message_of(5, 66, 0, 0, 0);
  switch (kind) {
  case IN_RECEIVE:
  case IN_REPLY_WAIT:
    check_equal(message_send(common.endpoint, &message, milliseconds(1000)), 0);
    return 66;
  case IN_SLEEP:
    return 0;
  case IN_FUTEX:
    check_equal(kernel_futex_wake(&common.futex, 9), 1);
    return 0;
  case IN_NOTIFICATION:
    check_equal(kernel_signal(common.notification), 0);
    return 1;
  case IN_SEND:
    check_equal(message_receive(common.endpoint, &message, milliseconds(1000)), 0);
    check_equal(message.words[0], 6);
    return 0;
  case IN_CALL:
    check_equal(message_receive(common.endpoint, &message, milliseconds(1000)), 0);
    check_equal(message.tag, TAG(5, 4, 0));
    check_equal(message.words[0] * 1000 + message.words[1] * 100 + message.words[2] * 10 + message.words[3],
                6789);
    message = message_result(99);
    check_equal(message_reply(0, &message), 0);
    return 99;
  default:
    check_equal(message_receive(pager, &message, milliseconds(1000)), 0);
    check_equal(TAG_LABEL(message.tag), LABEL_PAGE_REQUEST);
    *source = 12345;
    check_equal(kernel_supply_page(paged, message.words[1], source), 0);
    message = message_result(0);
    check_equal(message_reply(0, &message), 0);
    return 12345;
  }
}

// With `move`, into another thread; otherwise only suspended and resumed.
static void take_out_while_waiting(enum kind kind, bool move) {
  handle_t pager = (handle_t)kernel_create_endpoint();
  handle_t paged = (handle_t)kernel_create_memory(1, 0, pager, 0);
  handle_t plain = (handle_t)kernel_create_memory(1, 0, 0, 0);
  uint64_t *source = (uint64_t *)0x3100000000;
  check_equal(kernel_map(HANDLE_PROCESS, paged, (uint64_t)PAGED, 0, 1, MAP_READ | MAP_WRITE), 0);
  check_equal(kernel_map(HANDLE_PROCESS, plain, (uint64_t)source, 0, 1, MAP_READ | MAP_WRITE), 0);
  handle_t notification = (handle_t)kernel_create_notification();
  handle_t endpoint = (handle_t)kernel_create_endpoint();
  common.endpoint = endpoint;
  common.notification = (handle_t)kernel_copy_capability(notification, RIGHTS_ALL, 1);
  common.deadline = now() + 10 * settling_ticks();
  common.page = PAGED;
  struct worker worker = worker_start(HANDLE_PROCESS, wait_in, kind, 0);
  struct message message = message_of(5, 6, 7, 8, 9);
  if (kind == IN_REPLY_WAIT) {
    settle();
    check_equal(message_call(endpoint, &message, WAIT_FOREVER), 0); // by the fast path: so does it wait now
  }
  if (kind == IN_CALL)
    check_equal(message_receive(endpoint, &message, milliseconds(1000)), 0);
  await_waiting(worker, reasons[kind]);
  struct thread_state state;
  check_equal(kernel_suspend(worker.thread), 0);
  check_equal(kernel_read_thread(worker.thread, &state), 0);
  if (move) {
    struct worker other =
        worker_start_with(HANDLE_PROCESS, give_back, 0, 0, (struct work_options){.suspended = true});
    check_equal(kernel_write_thread(other.thread, &state), 0);
    check_equal(kernel_end_thread(worker.thread, 0), 0);
    if (kind == IN_CALL) {
      message = message_result(0);
      check_equal(message_reply(0, &message), -EPIPE);
    }
    kernel_delete(worker.thread);
    check_equal(kernel_resume(other.thread), 0);
    settle();
    // `worker`'s slot holds the stack, `other`'s name is in INSPECT_THREAD.
    int64_t expected = end_wait(kind, pager, paged, source);
    struct end_info end;
    check_equal(kernel_await_end(other.thread, milliseconds(1000), &end), 0);
    check_equal(end.code, expected);
    worker_forget(other);
    worker_forget((struct worker){.slot = worker.slot});
  } else {
    settle();
    check_equal(kernel_resume(worker.thread), 0);
    settle();
    if (kind == IN_CALL) { // it has been received: it waited on
      message = message_result(99);
      check_equal(message_reply(0, &message), 0);
      check_equal(worker_join(worker), 99);
    } else {
      int64_t expected = end_wait(kind, pager, paged, source);
      check_equal(worker_join(worker), expected);
    }
  }
  if (kind == IN_SLEEP)
    check(now() >= common.deadline);
  kernel_unmap(HANDLE_PROCESS, (uint64_t)PAGED, 1);
  kernel_unmap(HANDLE_PROCESS, (uint64_t)source, 1);
  kernel_delete(common.notification);
  kernel_delete(notification);
  kernel_delete(endpoint);
  kernel_delete(plain);
  kernel_delete(paged);
  kernel_delete(pager);
}

static void test_reading_and_writing(void) {
  struct thread_state state;
  struct worker worker = worker_start(HANDLE_PROCESS, spin, 0, 0);
  settle();
  check_equal(kernel_read_thread(worker.thread, &state), -EBUSY);
  check_equal(kernel_write_thread(worker.thread, &state), -EBUSY);
  check_equal(kernel_suspend(worker.thread), 0);
  check_equal(kernel_suspend(worker.thread), 0);
  check_equal(kernel_read_thread(worker.thread, &state), 0);
  check_equal(kernel_read_thread(worker.thread, (struct thread_state *)0xffffffc080200000), -EFAULT);
  check_equal(kernel_write_thread(worker.thread, (struct thread_state *)16), -EFAULT);
  state.x[0] = (uint64_t)give_back; // it ends with a0, as a function that returns to where it was called from
  state.x[10] = 77;
  check_equal(kernel_write_thread(worker.thread, &state), 0);
  check_equal(kernel_resume(worker.thread), 0);
  struct end_info end;
  // `spin` was called by the harness, which exits with the result.
  check_equal(kernel_await_end(worker.thread, milliseconds(1000), &end), 0);
  check_equal(end.code, 77);
  worker_forget(worker);
}

static void test_listing(void) {
  handle_t process = child_create(QUOTA, 0, 0);
  struct worker workers[3];
  for (unsigned i = 0; i < 3; i++)
    workers[i] = worker_start(process, wait_for_ever, 0, 0);
  check_equal(kernel_open_thread(process, 3), -ENOENT);
  int64_t middle = kernel_open_thread(process, 1);
  check_equal(kernel_end_thread((handle_t)middle, 9), 0);
  check_equal(worker_join(workers[1]), 9);
  kernel_delete((handle_t)middle);
  check_equal(kernel_open_thread(process, 2), -ENOENT);
  uint64_t last_end = 0, regions = 0;
  struct region_info info;
  int64_t memory;
  for (; (memory = kernel_read_region(process, regions, &info)) > 0; regions++) {
    check(info.address >= last_end && info.pages > 0);
    last_end = info.address + info.pages * PAGE_BYTES;
    kernel_delete((handle_t)memory);
  }
  check_equal(memory, -ENOENT);
  check(regions >= 4);
  child_end(process);
  worker_forget(workers[0]);
  worker_forget(workers[2]);
}

void test(void) {
  for (unsigned round = 0;; round++) {
    struct system_info before = inventory();
    test_ends();
    test_notice_of_ends();
    test_reading_and_writing();
    test_listing();
    test_nested_processes();
    for (enum kind kind = 0; kind < KINDS; kind++) {
      take_out_while_waiting(kind, false);
      take_out_while_waiting(kind, true);
    }
    if (round == 1) { // the first has given everything its size
      check_inventory(&before);
      break;
    }
    test_migration_of_a_running_thread();
    test_deep_nesting();
  }
}
