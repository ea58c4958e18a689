// Rights, badges, derivation, revocation, tables and quotas.

#include "harness/workers.h"
#include <string.h>

const char subject[] = "capabilities";

static uint32_t rights_of(handle_t handle) {
  struct capability_info info = {0};
  return kernel_identify(handle, &info) < 0 ? 0 : info.rights;
}

// Every subset of the rights, from every subset.
static void test_rights_never_grow(void) {
  handle_t endpoint = (handle_t)kernel_create_endpoint();
  for (uint32_t first = 0; first <= RIGHTS_ALL; first++) {
    handle_t derived = (handle_t)kernel_copy_capability(endpoint, first, 0);
    check_equal(rights_of(derived), first);
    for (uint32_t second = first ^ RIGHTS_ALL; second <= RIGHTS_ALL; second += 13) {
      handle_t again = (handle_t)kernel_copy_capability(derived, second, 0);
      check_equal(rights_of(again), first & second);
      kernel_delete(again);
    }
    kernel_delete(derived);
  }
  handle_t all = (handle_t)kernel_copy_capability(endpoint, ~0u, 0);
  check_equal(rights_of(all), RIGHTS_ALL);
  kernel_delete(all);
  // Without the right to grant, nothing can be passed on.
  handle_t process = child_create(QUOTA, 0, 0);
  handle_t kept = (handle_t)kernel_copy_capability(endpoint, RIGHTS_ALL & ~RIGHT_GRANT, 0);
  check_equal(kernel_grant(process, kept, RIGHTS_ALL, 0), -EPERM);
  // Without the right to control a process, nothing can be put into it.
  handle_t weak = (handle_t)kernel_copy_capability(process, RIGHTS_ALL & ~RIGHT_CONTROL, 0);
  check_equal(kernel_grant(weak, endpoint, RIGHTS_ALL, 0), -EBADF);
  check_equal(kernel_end_process(weak, 0), -EBADF);
  check_equal(kernel_suspend(weak), -EBADF);
  kernel_delete(weak);
  kernel_delete(kept);
  kernel_delete(endpoint);
  child_end(process);
}

// What each call asks for: with all other rights and without that one it fails.
static void test_rights_are_asked_for(void) {
  struct message message = message_of(1, 0, 0, 0, 0);
  struct thread_state state;
  handle_t endpoint = (handle_t)kernel_create_endpoint();
  handle_t notification = (handle_t)kernel_create_notification();
  handle_t memory = (handle_t)kernel_create_memory(1, 0, 0, 0);
  handle_t no_send = (handle_t)kernel_copy_capability(endpoint, RIGHTS_ALL & ~RIGHT_SEND, 0);
  handle_t no_receive = (handle_t)kernel_copy_capability(endpoint, RIGHTS_ALL & ~RIGHT_RECEIVE, 0);
  check_equal(message_call(no_send, &message, 0), -EBADF);
  check_equal(message_send(no_send, &message, 0), -EBADF);
  check_equal(message_receive(no_receive, &message, 0), -EBADF);
  check_equal(message_reply_receive(no_receive, &message, 0), -EBADF);
  kernel_delete(no_send);
  kernel_delete(no_receive);
  no_send = (handle_t)kernel_copy_capability(notification, RIGHTS_ALL & ~RIGHT_SEND, 0);
  no_receive = (handle_t)kernel_copy_capability(notification, RIGHTS_ALL & ~RIGHT_RECEIVE, 0);
  check_equal(kernel_signal(no_send), -EBADF);
  check_equal(kernel_wait(no_receive, 0), -EBADF);
  kernel_delete(no_send);
  kernel_delete(no_receive);
  const uint64_t address = 0x3000000000;
  for (uint32_t rights = 0; rights < 8; rights++) {
    handle_t derived = (handle_t)kernel_copy_capability(memory, rights * RIGHT_READ, 0);
    for (uint32_t map = 1; map < 8; map++) {
      bool possible = map == MAP_READ || map == (MAP_READ | MAP_WRITE) || (map & MAP_WRITE) == 0;
      int64_t expected = (map & ~rights) != 0 ? -EPERM : possible ? 0 : -EINVAL;
      if (check_equal(kernel_map(HANDLE_PROCESS, derived, address, 0, 1, map), expected) && expected == 0) {
        // Neither does protecting make them grow, nor asking what is mapped.
        for (uint32_t more = 1; more < 8; more++) {
          if ((more & ~rights) != 0)
            check(kernel_protect(HANDLE_PROCESS, address, 1, more) < 0);
        }
        struct region_info info;
        handle_t found = memory_at((void *)address, &info);
        check_equal(rights_of(found) & ~(rights * RIGHT_READ), 0);
        kernel_delete(found);
        check_equal(kernel_unmap(HANDLE_PROCESS, address, 1), 0);
      }
    }
    check_equal(kernel_resize_memory(derived, 2), -EBADF);
    kernel_delete(derived);
  }
  struct worker worker =
      worker_start_with(HANDLE_PROCESS, NULL, 0, 0, (struct work_options){.suspended = true});
  handle_t weak = (handle_t)kernel_copy_capability(worker.thread, RIGHTS_ALL & ~RIGHT_READ, 0);
  check_equal(kernel_read_thread(weak, &state), -EBADF);
  check_equal(kernel_await_end(weak, 0, NULL), -EBADF);
  kernel_delete(weak);
  weak = (handle_t)kernel_copy_capability(worker.thread, RIGHTS_ALL & ~RIGHT_WRITE, 0);
  check_equal(kernel_read_thread(weak, &state), 0);
  check_equal(kernel_write_thread(weak, &state), -EBADF);
  kernel_delete(weak);
  weak = (handle_t)kernel_copy_capability(worker.thread, RIGHTS_ALL & ~RIGHT_CONTROL, 0);
  check_equal(kernel_end_thread(weak, 0), -EBADF);
  check_equal(kernel_schedule_thread(weak, 1, UNCHANGED), -EBADF);
  check_equal(kernel_resume(weak), -EBADF);
  check_equal(kernel_bind(weak, notification), -EBADF);
  kernel_delete(weak);
  check_equal(kernel_end_thread(worker.thread, 0), 0);
  worker_join(worker);
  handle_t machine = (handle_t)kernel_copy_capability(HANDLE_MACHINE, RIGHT_SEND, 0);
  struct system_info info;
  check_equal(kernel_inspect(machine, INSPECT_SYSTEM, 0, &info, sizeof info), -EBADF);
  check_equal(kernel_power(machine, POWER_OFF, 0), -EBADF);
  check_equal(kernel_open_interrupt(machine, 1), -EBADF);
  check_equal(kernel_open_device(machine, 0x101000, 4096), -EBADF);
  kernel_delete(machine);
  machine = (handle_t)kernel_copy_capability(HANDLE_MACHINE, RIGHTS_ALL & ~RIGHT_SEND, 0);
  check_equal(kernel_print(machine, "", 0), -EBADF);
  kernel_delete(machine);
  // RAM and the interrupt controller are no devices.
  check(kernel_open_device(HANDLE_MACHINE, 0x80000000, 4096) < 0);
  check(kernel_open_device(HANDLE_MACHINE, 0x0c000000, 4096) < 0);
  check(kernel_open_device(HANDLE_MACHINE, 0x02000000, 4096) < 0);
  check(kernel_open_device(HANDLE_MACHINE, 0x7ffff000, 8192) < 0);
  check(kernel_open_device(HANDLE_MACHINE, 0x101001, 4096) < 0);
  check(kernel_open_device(HANDLE_MACHINE, 0x101000, 0) < 0);
  check(kernel_open_device(HANDLE_MACHINE, 0x101000, ~0ul) < 0);
  kernel_delete(memory);
  kernel_delete(notification);
  kernel_delete(endpoint);
}

// Tries every handle there could be, but its own two, in every kind of call.
static int64_t forge(uint64_t unused, uint64_t also) {
  (void)unused, (void)also;
  static const uint64_t far[] = {
      MAX_HANDLES, MAX_HANDLES + 1,    1ul << 31, 1ul << 32, (1ul << 32) | 1, (1ul << 63) | 1,
      ~0ul,        0xffffffc080200000, 64,        65};
  struct capability_info info;
  int64_t worked = 0;
  for (uint64_t i = 3; i < 300 + sizeof far / sizeof far[0]; i++) {
    uint64_t handle = i < 300 ? i : far[i - 300];
    for (int64_t call = -CALL_COUNT; call <= -1; call++) {
      bool takes_handle = call != CALL_YIELD && call != CALL_SLEEP && call != CALL_FUTEX_WAIT &&
                          call != CALL_FUTEX_WAKE && call != CALL_EXIT && call != CALL_SAVE_REPLY &&
                          call != CALL_COPY && call != CALL_CREATE_MEMORY && call != CALL_CREATE_PORT &&
                          !(call <= CALL_CREATE_ENDPOINT && call >= CALL_CREATE_TIMER) &&
                          call != CALL_CREATE_PROCESS;
      if (takes_handle)
        worked += kernel_call6(call, handle, 0, 0, (uint64_t)&info, 0, 0) != -EBADF;
    }
  }
  return worked;
}

static void test_forged_handles(void) {
  check_equal(child_join(child_start(forge, 0, 0)), 0);
  // Handles of another process mean nothing here; those that were deleted mean nothing at all.
  handle_t endpoint = (handle_t)kernel_create_endpoint();
  check_equal(kernel_delete(endpoint), 0);
  check_equal(kernel_delete(endpoint), -EBADF);
  struct message message = message_of(1, 0, 0, 0, 0);
  check_equal(message_call(endpoint, &message, WAIT_FOREVER), -EBADF);
  check_equal(kernel_call0(-CALL_COUNT - 1), -ENOSYS);
  check_equal(kernel_call0(INT64_MIN), -ENOSYS);
}

// A tree of derivations over several processes goes with its root, and only it.
static void test_revocation(void) {
  struct system_info before = inventory();
  handle_t endpoint = (handle_t)kernel_create_endpoint();
  handle_t root = (handle_t)kernel_copy_capability(endpoint, RIGHTS_ALL, 0);
  handle_t sibling = (handle_t)kernel_copy_capability(endpoint, RIGHTS_ALL, 0);
  handle_t processes[3];
  for (unsigned i = 0; i < 3; i++) {
    processes[i] = child_create(QUOTA, 0, 0);
    check(kernel_grant(processes[i], root, RIGHT_SEND | RIGHT_GRANT, i + 1) > 0);
  }
  handle_t chain[200];
  chain[0] = root;
  for (unsigned i = 1; i < 200; i++)
    chain[i] = (handle_t)kernel_copy_capability(chain[i - 1], RIGHTS_ALL, 0);
  uint64_t held = inventory().capabilities;
  check_equal(kernel_delete(chain[100]), 0); // what was derived from it is now derived from its parent
  check_equal(kernel_revoke(root), 0);
  check_equal(inventory().capabilities, held - 3 - 199);
  check_equal(rights_of(chain[1]), 0);
  check_equal(rights_of(chain[199]), 0);
  check_equal(rights_of(root), RIGHTS_ALL);
  check_equal(rights_of(sibling), RIGHTS_ALL);
  check_equal(kernel_revoke(endpoint), 0);
  check_equal(rights_of(root), 0);
  check_equal(rights_of(sibling), 0);
  kernel_delete(endpoint);
  for (unsigned i = 0; i < 3; i++)
    child_end(processes[i]);
  check_inventory(&before);
}

static int64_t receive_once(uint64_t endpoint, uint64_t unused) {
  (void)unused;
  struct message message;
  return message_receive((handle_t)endpoint, &message, WAIT_FOREVER);
}

static int64_t call_once(uint64_t endpoint, uint64_t unused) {
  (void)unused;
  struct message message = message_of(1, 0, 0, 0, 0);
  return message_call((handle_t)endpoint, &message, WAIT_FOREVER);
}

// Revoking the right to receive while it is used: both sides are told.
static void test_revocation_during_use(void) {
  handle_t endpoint = (handle_t)kernel_create_endpoint();
  struct child server = {.process = child_create(QUOTA, 0, 0)};
  check_equal(kernel_grant(server.process, endpoint, RIGHT_RECEIVE, 0), 3);
  server.worker = worker_start(server.process, receive_once, 3, 0);
  struct child client = child_start(call_once, 3, 0);
  handle_t send_only = (handle_t)kernel_copy_capability(endpoint, RIGHT_SEND | RIGHT_GRANT, 0);
  await_waiting(server.worker, WAIT_RECEIVE);
  check_equal(kernel_revoke(endpoint), 0);
  // It waits on: who waits already is not looked up again, and the endpoint can still be received from here.
  check_equal(look_at(server.worker).waiting, WAIT_RECEIVE);
  check_equal(rights_of(send_only), 0);
  kernel_delete(endpoint);
  check_equal(child_join(server), -EPIPE);
  check_equal(child_join(client), -EBADF);
}

static int64_t exhaust_table(uint64_t unused, uint64_t also) {
  (void)unused, (void)also;
  int64_t handles = 0, result;
  while ((result = kernel_copy_capability(HANDLE_PROCESS, 0, 0)) > 0)
    handles++;
  check_equal(result, -ENOMEM);
  check_equal(kernel_copy_capability(HANDLE_PROCESS, 0, 0), -ENOMEM);
  check_equal(kernel_create_endpoint(), -ENOMEM);
  check_equal(kernel_delete(500), 0);
  check_equal(kernel_copy_capability(HANDLE_PROCESS, 0, 0), 500);
  return handles;
}

static void test_exhaustion(void) {
  struct system_info before = inventory();
  // The table's own limit; then the quota's.
  handle_t process = child_create(16ul << 20, 0, 0);
  check_equal(worker_join(worker_start(process, exhaust_table, 0, 0)), MAX_HANDLES - 3);
  check_equal(kernel_await_end(process, milliseconds(10000), NULL), 0);
  check_equal(inventory().capabilities, before.capabilities + 1); // that to the process
  kernel_delete(process);
  struct child poor = child_start(exhaust_table, 0, 0);
  check(child_join(poor) < MAX_HANDLES / 2);
  check_inventory(&before);
}

static int64_t spend_quota(uint64_t unused, uint64_t also) {
  (void)unused, (void)also;
  struct process_start start = {.name = "greedy", .quota = 1ul << 40};
  check_equal(kernel_create_process(&start), -ENOMEM);
  start.quota = ~0ul;
  check_equal(kernel_create_process(&start), -ENOMEM);
  check_equal(kernel_create_memory(1ul << 20, MEMORY_WIRED, 0, 0), -ENOMEM);
  int64_t memory = kernel_create_memory(1ul << 20, 0, 0, 0); // pages come when they are touched
  check(memory > 0);
  check_equal(kernel_map(HANDLE_PROCESS, (handle_t)memory, 0x3000000000, 0, 1ul << 20, MAP_READ | MAP_WRITE),
              0);
  static uint8_t byte = 1;
  uint64_t pages = 0;
  while (kernel_copy(0, (uint64_t)&byte, 0, 0x3000000000 + pages * PAGE_BYTES, 1) == 1)
    pages++;
  check_equal(kernel_copy(0, (uint64_t)&byte, 0, 0x3000000000 + pages * PAGE_BYTES, 1), -ENOMEM);
  check(pages > 100 && pages < QUOTA / PAGE_BYTES);
  while (kernel_create_endpoint() > 0 ||
         kernel_create_thread(HANDLE_PROCESS, &(struct thread_start){.suspended = 1}) > 0)
    continue;
  return (int64_t)pages;
}

static void test_quotas(void) {
  struct system_info before = inventory();
  for (unsigned i = 0; i < 3; i++) {
    struct child child = child_start(spend_quota, 0, 0);
    check_equal(kernel_await_end(child.worker.thread, milliseconds(10000), NULL), 0);
    child_kill(child);
    check_inventory(&before);
  }
  // Of a process that has ended nothing is kept but itself, though its handle is.
  struct process_start start = {.name = "kept", .quota = 100ul << 20};
  handle_t kept[20];
  for (unsigned i = 0; i < 20; i++) {
    kept[i] = (handle_t)kernel_create_process(&start);
    check((int64_t)(int32_t)kept[i] > 0);
    check_equal(kernel_end_process(kept[i], 0), 0);
  }
  for (unsigned i = 0; i < 20; i++)
    kernel_delete(kept[i]);
  check_inventory(&before);
}

void test(void) {
  handle_t many[64];
  for (unsigned i = 0; i < 64; i++) // so that this process's table has its size
    many[i] = (handle_t)kernel_create_endpoint();
  handle_t more[200];
  for (unsigned i = 0; i < 200; i++)
    more[i] = (handle_t)kernel_create_notification();
  for (unsigned i = 0; i < 200; i++)
    kernel_delete(more[i]);
  for (unsigned i = 0; i < 64; i++)
    kernel_delete(many[i]);
  struct system_info before = inventory();
  test_rights_never_grow();
  test_rights_are_asked_for();
  test_forged_handles();
  test_revocation();
  test_revocation_during_use();
  test_exhaustion();
  test_quotas();
  check_inventory(&before);
}
