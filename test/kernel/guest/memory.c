// Memory objects: pagers, copies on write, shared mappings, shootdown.

#include "harness/random.h"
#include "harness/workers.h"
#include <string.h>

const char subject[] = "memory";

#define HERE    0x3000000000ul // where objects are mapped
#define THERE   0x3100000000ul
#define STAGING 0x3200000000ul // the pager's

static uint64_t *words_at(uint64_t address) { return (uint64_t *)address; }

static handle_t map_new(uint64_t address, uint64_t pages, handle_t pager, uint64_t tag) {
  handle_t memory = (handle_t)kernel_create_memory(pages, 0, pager, tag);
  check_equal(kernel_map(HANDLE_PROCESS, memory, address, 0, pages, MAP_READ | MAP_WRITE), 0);
  return memory;
}

static void unmap(uint64_t address, uint64_t pages, handle_t memory) {
  check_equal(kernel_unmap(HANDLE_PROCESS, address, pages), 0);
  check_equal(kernel_delete(memory), 0);
}

// Supplies each page that is asked for with its number and the token, until a message with label 1.
static struct {
  handle_t endpoint, memory;
  uint64_t requests, tokens, refuse;
} pager;

static int64_t run_pager(uint64_t unused, uint64_t also) {
  (void)unused, (void)also;
  handle_t staging = map_new(STAGING, 1, 0, 0);
  struct message message;
  int64_t error = message_receive(pager.endpoint, &message, WAIT_FOREVER);
  while (error == 0 && TAG_LABEL(message.tag) == LABEL_PAGE_REQUEST) {
    pager.requests++;
    check_equal(message.words[0], 4711);
    pager.tokens += message.words[3];
    if (message.words[1] == pager.refuse) {
      message = message_result(0);
      message.tag |= TAG(RESUME_END, 0, 0);
    } else {
      words_at(STAGING)[0] = message.words[1] + 1000 + message.words[3];
      check_equal(kernel_supply_page(pager.memory, message.words[1], words_at(STAGING)), 0);
      check_equal(words_at(STAGING)[0], 0); // it has gone, and a new one comes
      message = message_result(0);
    }
    error = message_reply_receive(pager.endpoint, &message, WAIT_FOREVER);
  }
  message = message_result(0);
  message_reply(0, &message);
  unmap(STAGING, 1, staging);
  return error;
}

static int64_t touch_refused(uint64_t address, uint64_t unused) {
  (void)unused;
  return (int64_t)*words_at(address);
}

static void test_pager(void) {
  pager.endpoint = (handle_t)kernel_create_endpoint();
  pager.memory = map_new(HERE, 8, pager.endpoint, 4711);
  pager.requests = pager.tokens = 0;
  pager.refuse = 7;
  struct worker worker = worker_start(HANDLE_PROCESS, run_pager, 0, 0);
  for (uint64_t page = 0; page < 4; page++)
    check_equal(words_at(HERE + page * PAGE_BYTES)[0], page + 1000);
  check_equal(pager.requests, 4);
  uint64_t word = 0;
  check_equal(kernel_copy(0, HERE + 4 * PAGE_BYTES, 0, (uint64_t)&word, 8), 8); // by a kernel call
  check_equal(word, 1004);
  check_equal(kernel_copy(0, HERE + 7 * PAGE_BYTES, 0, (uint64_t)&word, 8), -EFAULT);
  // Evicted: the page comes out as it was written, and back with its token.
  handle_t taken = map_new(THERE, 1, 0, 0);
  check_equal(kernel_evict_page(pager.memory, 2, words_at(THERE), 55), 0);
  check_equal(words_at(THERE)[0], 1002);
  check_equal(kernel_evict_page(pager.memory, 2, words_at(THERE), 55), -ENOENT);
  words_at(HERE + PAGE_BYTES)[1] = 99;
  check_equal(kernel_evict_page(pager.memory, 1, words_at(THERE), 77), 1); // modified
  check_equal(words_at(THERE)[0], 1001);
  check_equal(words_at(THERE)[1], 99);
  check_equal(words_at(HERE + 2 * PAGE_BYTES)[0], 1002 + 55);
  check_equal(words_at(HERE + PAGE_BYTES)[0], 1001 + 77);
  check_equal(pager.tokens, 55 + 77);
  check_equal(kernel_evict_page(pager.memory, 1, words_at(THERE), 0), -EINVAL);
  check_equal(kernel_supply_page(pager.memory, 1, words_at(THERE)), -EBUSY);
  check_equal(kernel_supply_page(pager.memory, 8, words_at(THERE)), -EINVAL);
  check_equal(kernel_supply_page(pager.memory, 5, words_at(THERE + 8)), -EFAULT);
  check_equal(kernel_supply_page(pager.memory, 5, words_at(0x1000)), -EFAULT);
  // What was accessed.
  struct page_info pages[8];
  check_equal(kernel_scan_memory(pager.memory, 0, pages, 8), 5);
  check_equal(kernel_scan_memory(pager.memory, 0, pages, 8), 5);
  for (unsigned i = 0; i < 5; i++)
    check_equal(pages[i].accessed, 0);
  (void)*(volatile uint64_t *)(HERE + 3 * PAGE_BYTES);
  check_equal(kernel_scan_memory(pager.memory, 3, pages, 8), 2);
  check_equal(pages[0].page, 3);
  check_equal(pages[0].accessed, 1);
  check_equal(pages[0].modified, 0);
  check_equal(pages[1].accessed, 0);
  // Refused: an exception.
  struct child child = {.process = child_create(QUOTA, 0, 0)};
  check_equal(kernel_map(child.process, pager.memory, HERE, 0, 8, MAP_READ), 0);
  child.worker = worker_start(child.process, touch_refused, HERE + 7 * PAGE_BYTES, 0);
  struct end_info end;
  check_equal(kernel_await_end(child.process, milliseconds(1000), &end), 0);
  check_equal(end.reason, END_FAULTED);
  child_join(child);
  // A copy has the pager, too; and pages that were never there are asked for anew.
  handle_t copy = (handle_t)kernel_duplicate_memory(pager.memory, 4711);
  handle_t original = pager.memory;
  pager.memory = copy;
  check_equal(kernel_map(HANDLE_PROCESS, copy, STAGING + 0x100000, 0, 8, MAP_READ | MAP_WRITE), 0);
  check_equal(words_at(STAGING + 0x100000)[0], 1000);
  check_equal(words_at(STAGING + 0x100000 + 6 * PAGE_BYTES)[0], 1006);
  unmap(STAGING + 0x100000, 8, copy);
  struct message stop = {.tag = TAG(1, 0, 0)};
  check_equal(message_call(pager.endpoint, &stop, WAIT_FOREVER), 0);
  worker_join(worker);
  unmap(HERE, 8, original);
  unmap(THERE, 1, taken);
  // A pager that is gone: an exception, not a wait for ever.
  handle_t orphan = (handle_t)kernel_create_memory(8, 0, pager.endpoint, 0);
  kernel_delete(pager.endpoint);
  child.process = child_create(QUOTA, 0, 0);
  check_equal(kernel_map(child.process, orphan, HERE, 0, 8, MAP_READ), 0);
  child.worker = worker_start(child.process, touch_refused, HERE, 0);
  check_equal(kernel_await_end(child.process, milliseconds(1000), &end), 0);
  check_equal(end.reason, END_FAULTED);
  child_join(child);
  kernel_delete(orphan);
}

// Writes of either side stay its own; pages nobody writes stay shared.
static void test_copy_on_write(void) {
  handle_t memory = map_new(HERE, 16, 0, 0);
  for (uint64_t page = 0; page < 16; page++)
    words_at(HERE + page * PAGE_BYTES)[0] = page;
  uint64_t before = inventory().free_bytes;
  handle_t copy = (handle_t)kernel_duplicate_memory(memory, 0);
  check_equal(kernel_map(HANDLE_PROCESS, copy, THERE, 0, 16, MAP_READ | MAP_WRITE), 0);
  for (uint64_t page = 0; page < 16; page++)
    check_equal(words_at(THERE + page * PAGE_BYTES)[0], page);
  check(before - inventory().free_bytes < 8 * PAGE_BYTES);
  for (uint64_t page = 0; page < 16; page++)
    words_at((page % 2 == 0 ? HERE : THERE) + page * PAGE_BYTES)[0] = page + 100;
  for (uint64_t page = 0; page < 16; page++) {
    check_equal(words_at(HERE + page * PAGE_BYTES)[0], page % 2 == 0 ? page + 100 : page);
    check_equal(words_at(THERE + page * PAGE_BYTES)[0], page % 2 == 0 ? page : page + 100);
  }
  // Copies of copies, in any order of ending.
  handle_t second = (handle_t)kernel_duplicate_memory(copy, 0);
  handle_t third = (handle_t)kernel_duplicate_memory(second, 0);
  unmap(THERE, 16, copy);
  check_equal(kernel_map(HANDLE_PROCESS, third, THERE, 0, 16, MAP_READ | MAP_WRITE), 0);
  kernel_delete(second);
  check_equal(words_at(THERE + PAGE_BYTES)[0], 101);
  words_at(THERE)[0] = 5;
  check_equal(words_at(HERE)[0], 100);
  unmap(HERE, 16, memory);
  check_equal(words_at(THERE + 2 * PAGE_BYTES)[0], 2);
  unmap(THERE, 16, third);
  handle_t wired = (handle_t)kernel_create_memory(1, MEMORY_WIRED, 0, 0);
  check_equal(kernel_duplicate_memory(wired, 0), -EBUSY);
  kernel_delete(wired);
}

static void test_arguments(void) {
  handle_t memory = (handle_t)kernel_create_memory(4, 0, 0, 0);
  const uint32_t read_write = MAP_READ | MAP_WRITE;
  check_equal(kernel_map(HANDLE_PROCESS, memory, 0, 0, 1, MAP_READ), -EINVAL);
  check_equal(kernel_map(HANDLE_PROCESS, memory, HERE + 1, 0, 1, MAP_READ), -EINVAL);
  check_equal(kernel_map(HANDLE_PROCESS, memory, HERE, 0, 0, MAP_READ), -EINVAL);
  check_equal(kernel_map(HANDLE_PROCESS, memory, 0x4000000000, 0, 1, MAP_READ), -EINVAL);
  check_equal(kernel_map(HANDLE_PROCESS, memory, 0x3fffffe000, 0, 3, MAP_READ), -EINVAL);
  check_equal(kernel_map(HANDLE_PROCESS, memory, 0xffffffc080200000, 0, 1, MAP_READ), -EINVAL);
  check_equal(kernel_map(HANDLE_PROCESS, memory, HERE, ~0ul, 1, MAP_READ), -EINVAL);
  check_equal(kernel_map(HANDLE_PROCESS, memory, HERE, 0, 1, MAP_WRITE | MAP_EXECUTE), -EINVAL);
  check_equal(kernel_map(HANDLE_PROCESS, memory, HERE, 0, 4, read_write), 0);
  check_equal(kernel_map(HANDLE_PROCESS, memory, HERE + PAGE_BYTES, 0, 1, MAP_READ), -EBUSY);
  check_equal(kernel_protect(HANDLE_PROCESS, HERE, 5, MAP_READ), -EFAULT);
  check_equal(kernel_protect(HANDLE_PROCESS, HERE + PAGE_BYTES, 1, MAP_READ), 0);
  uint8_t byte = 1;
  check_equal(kernel_copy(0, (uint64_t)&byte, 0, HERE + PAGE_BYTES, 1), -EFAULT);
  check_equal(kernel_copy(0, (uint64_t)&byte, 0, HERE + PAGE_BYTES - 1, 1), 1);
  check_equal(kernel_copy(0, 0xffffffc080200000, 0, HERE, 1), -EFAULT);
  check_equal(kernel_copy(0, HERE, 0, 0xffffffc080200000, 1), -EFAULT);
  check_equal(kernel_resize_memory(memory, 1), 0);
  check_equal(kernel_copy(0, HERE + PAGE_BYTES, 0, (uint64_t)&byte, 1), -EFAULT);
  check_equal(kernel_resize_memory(memory, 2), 0);
  check_equal(kernel_copy(0, HERE + PAGE_BYTES, 0, (uint64_t)&byte, 1), 1);
  check_equal(byte, 0); // what was behind the end is lost
  check_equal(kernel_unmap(HANDLE_PROCESS, HERE, 4), 0);
  check_equal(kernel_unmap(HANDLE_PROCESS, HERE, 4), 0);
  check_equal(kernel_create_memory(1ul << 60, 0, 0, 0), -EINVAL);
  check_equal(kernel_create_memory(1, 128, 0, 0), -EINVAL);
  check_equal(kernel_physical_address(memory, 0), -EINVAL);
  kernel_delete(memory);
  memory = (handle_t)kernel_create_memory(2, MEMORY_WIRED, 0, 0);
  check(kernel_physical_address(memory, 1) >= 0x80000000);
  check_equal(kernel_physical_address(memory, 2), -EINVAL);
  kernel_delete(memory);
}

// The same object in several processes at different addresses; a futex in it is one futex.
static int64_t wait_in_shared(uint64_t address, uint64_t unused) {
  (void)unused;
  while (__atomic_load_n((uint32_t *)address, __ATOMIC_ACQUIRE) == 0)
    kernel_futex_wait((uint32_t *)address, 0, WAIT_FOREVER);
  return *(uint32_t *)address;
}

static void test_shared(void) {
  handle_t memory = map_new(HERE, 2, 0, 0);
  struct child children[3];
  for (unsigned i = 0; i < 3; i++) {
    uint64_t address = THERE + i * 0x10000;
    handle_t process = child_create(QUOTA, 0, 0);
    check_equal(kernel_map(process, memory, address, 1, 1, MAP_READ | MAP_WRITE), 0);
    children[i] = (struct child){process, worker_start(process, wait_in_shared, address + 64, 0)};
    await_waiting(children[i].worker, WAIT_FUTEX);
  }
  uint32_t *word = (uint32_t *)(HERE + PAGE_BYTES + 64);
  check_equal(kernel_futex_wake(word + 1, 100), 0);
  __atomic_store_n(word, 31, __ATOMIC_RELEASE);
  check_equal(kernel_futex_wake(word, 2), 2);
  check_equal(kernel_futex_wake(word, 2), 1);
  for (unsigned i = 0; i < 3; i++)
    check_equal(child_join(children[i]), 31);
  check_equal(kernel_futex_wait(word, 30, WAIT_FOREVER), -EAGAIN);
  check_equal(kernel_futex_wait((uint32_t *)((uint64_t)word + 2), 0, WAIT_FOREVER), -EINVAL);
  check_equal(kernel_futex_wait((uint32_t *)0x10, 0, WAIT_FOREVER), -EFAULT);
  unmap(HERE, 2, memory);
}

// Others read and write a page that is protected, unmapped, replaced, evicted meanwhile. Each access either
// works on the page that is mapped at that time, or faults: a stale translation would reach a page that
// belongs to nobody.
static volatile bool stop;
static handle_t faults;

static int64_t hammer(uint64_t address, uint64_t writes) {
  int64_t wrong = 0;
  while (!stop) {
    if (writes)
      *(volatile uint64_t *)(address + 8) = 1;
    uint64_t value = *(volatile uint64_t *)address;
    wrong += value != 0x1111 && value != 0x2222;
  }
  return wrong;
}

// Has faulting threads try again as soon as the page is there.
static int64_t retry_faults(uint64_t unused, uint64_t also) {
  (void)unused, (void)also;
  struct message message;
  int64_t error = message_receive(faults, &message, WAIT_FOREVER);
  while (error == 0 && TAG_LABEL(message.tag) == LABEL_EXCEPTION) {
    check(message.words[1] == 13 || message.words[1] == 15);
    check_equal(message.words[2] & ~8ul, HERE);
    kernel_sleep(now() + 50); // there is nothing to be gained by haste
    message = message_result(0);
    message.tag |= TAG(RESUME_RETRY, 0, 0);
    error = message_reply_receive(faults, &message, WAIT_FOREVER);
  }
  message = message_result(0);
  return message_reply(0, &message);
}

static void test_shootdown(void) {
  faults = (handle_t)kernel_create_endpoint();
  handle_t first = map_new(THERE, 1, 0, 0), second = map_new(THERE + 0x100000, 1, 0, 0);
  words_at(THERE)[0] = 0x1111;
  words_at(THERE + 0x100000)[0] = 0x2222;
  handle_t process = child_create(QUOTA, 0, faults);
  check_equal(kernel_map(process, first, HERE, 0, 1, MAP_READ | MAP_WRITE), 0);
  struct worker handler = worker_start(HANDLE_PROCESS, retry_faults, 0, 0);
  struct worker workers[7];
  unsigned harts = (unsigned)inventory().harts, count = harts > 7 ? 7 : harts;
  uint64_t shootdowns = inventory().shootdowns;
  stop = false;
  for (unsigned i = 0; i < count; i++)
    workers[i] = worker_start_with(process, hammer, HERE, i % 2, (struct work_options){.priority = 10});
  for (unsigned round = 0; round < 40; round++) {
    handle_t next = round % 2 == 0 ? second : first;
    kernel_sleep(now() + 300);
    check_equal(kernel_protect(process, HERE, 1, MAP_READ), 0);
    uint64_t *seen = words_at(round % 2 == 0 ? THERE : THERE + 0x100000);
    seen[1] = 7; // nobody may write any more
    kernel_sleep(now() + 300);
    check_equal(seen[1], 7);
    check_equal(kernel_unmap(process, HERE, 1), 0);
    seen[0] = 0xdead; // nobody may read any more
    kernel_sleep(now() + 300);
    words_at(THERE)[0] = 0x1111;
    words_at(THERE + 0x100000)[0] = 0x2222;
    check_equal(kernel_map(process, next, HERE, 0, 1, MAP_READ | MAP_WRITE), 0);
    kernel_sleep(now() + 300);
    // A page taken away from under its users, and given back.
    handle_t copy = (handle_t)kernel_duplicate_memory(next, 0);
    kernel_delete(copy);
  }
  stop = true;
  for (unsigned i = 0; i < count; i++)
    check_equal(worker_join(workers[i]), 0);
  check(harts == 1 || inventory().shootdowns > shootdowns);
  struct message message = {.tag = TAG(1, 0, 0)};
  check_equal(message_call(faults, &message, WAIT_FOREVER), 0);
  check_equal(worker_join(handler), 0);
  kernel_await_end(process, milliseconds(1000), NULL);
  kernel_delete(process);
  unmap(THERE, 1, first);
  unmap(THERE + 0x100000, 1, second);
  kernel_delete(faults);
}

// Code that is written, executed, and written anew.
static void test_code(void) {
  handle_t memory = map_new(HERE, 1, 0, 0);
  check_equal(kernel_map(HANDLE_PROCESS, memory, THERE, 0, 1, MAP_READ | MAP_EXECUTE), 0);
  for (uint32_t i = 0; i < 20; i++) {
    ((volatile uint32_t *)HERE)[0] = 0x00000513 | i << 20; // li a0, i
    ((volatile uint32_t *)HERE)[1] = 0x00008067;           // ret
    check_equal(((int64_t(*)(void))THERE)(), i);
  }
  check_equal(kernel_unmap(HANDLE_PROCESS, THERE, 1), 0);
  unmap(HERE, 1, memory);
}

void test(void) {
  for (unsigned round = 0; round < 2; round++) { // the first gives everything its size
    struct system_info before = inventory();
    test_pager();
    test_copy_on_write();
    test_arguments();
    test_shared();
    test_code();
    test_shootdown();
    if (round == 1)
      check_inventory(&before);
  }
}
