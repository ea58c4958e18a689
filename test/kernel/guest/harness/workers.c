#include "harness/workers.h"
#include "lib/archive.h"
#include "lib/space.h"
#include <stdlib.h>
#include <string.h>

#define HANDLE_INITRD 4 // the kernel's gift to the first process

#define SLOTS         128
#define ARENA         0x2000000000ul
#define CONTROL_BYTES 256 // of musl, below tp
#define REGIONS       32
#define FIRST_TAG     0x5107000 // a worker's tag is this and its slot

struct slot {
  uint8_t stack[16384 - CONTROL_BYTES - 256];
  uint8_t control[CONTROL_BYTES]; // tp points behind it
  uint8_t data[256];
  struct message_buffer buffer __attribute__((aligned(1024)));
  uint8_t unused[3072];
};

_Static_assert(sizeof(struct slot) == 20480, "whole pages");

static struct slot *const slots = (struct slot *)ARENA;
static bool slot_used[SLOTS];

static struct {
  handle_t memory;
  struct region_info info;
} image[REGIONS];
static unsigned image_regions;
static uint64_t parameter;
uint64_t lateness = TICKS_PER_MILLISECOND;

static unsigned take_slot(void) {
  for (unsigned i = 0; i < SLOTS; i++) {
    if (!__atomic_exchange_n(&slot_used[i], true, __ATOMIC_ACQUIRE))
      return i;
  }
  print_line("FAILED: no slot for another worker");
  finish(subject);
}

static _Noreturn void begin(work *run, uint64_t a, uint64_t b, struct message_buffer *buffer) {
  message_buffer = buffer;
  kernel_exit((uint64_t)run(a, b));
}

struct worker worker_start_with(handle_t process, work *run, uint64_t a, uint64_t b,
                                struct work_options options) {
  struct worker worker = {.slot = take_slot()};
  struct slot *slot = &slots[worker.slot];
  uint8_t *own_data, *global_data;
  __asm__("mv %0, tp" : "=r"(own_data));
  __asm__("mv %0, gp" : "=r"(global_data));
  memcpy(slot->control, own_data - CONTROL_BYTES, CONTROL_BYTES);
  struct thread_start start = {
      .pc = (uint64_t)begin,
      .sp = (uint64_t)slot->control,
      .gp = (uint64_t)global_data,
      .tp = (uint64_t)slot->data,
      .arguments = {(uint64_t)run, a, b, (uint64_t)&slot->buffer},
      .buffer = (uint64_t)&slot->buffer,
      .tag = FIRST_TAG + worker.slot,
      .priority = options.priority == 0 ? (uint32_t)UNCHANGED : options.priority,
      .suspended = options.suspended,
      .affinity = options.affinity == 0 ? AFFINITY_ANY : options.affinity,
  };
  int64_t handle = kernel_create_thread(process, &start);
  check(handle > 0);
  worker.thread = (handle_t)handle;
  return worker;
}

struct worker worker_start(handle_t process, work *run, uint64_t a, uint64_t b) {
  return worker_start_with(process, run, a, b, (struct work_options){0});
}

void worker_forget(struct worker worker) {
  kernel_delete(worker.thread);
  __atomic_store_n(&slot_used[worker.slot], false, __ATOMIC_RELEASE);
}

int64_t worker_join(struct worker worker) {
  struct end_info end = {0};
  check_equal(kernel_await_end(worker.thread, milliseconds(10000), &end), 0);
  worker_forget(worker);
  return end.code;
}

struct message_buffer *worker_buffer(struct worker worker) { return &slots[worker.slot].buffer; }

handle_t memory_at(const void *address, struct region_info *info) {
  int64_t memory;
  for (uint64_t i = 0; (memory = kernel_read_region(HANDLE_PROCESS, i, info)) > 0; i++) {
    if ((uint64_t)address - info->address < info->pages * PAGE_BYTES)
      return (handle_t)memory;
    kernel_delete((handle_t)memory);
  }
  print_line("FAILED: nothing is mapped at %p", address);
  finish(subject);
}

static void read_image(void) {
  int64_t memory;
  for (; image_regions < REGIONS; image_regions++) {
    memory = kernel_read_region(HANDLE_PROCESS, image_regions, &image[image_regions].info);
    if (memory < 0)
      break;
    image[image_regions].memory = (handle_t)memory;
  }
}

void share_everything(handle_t process) {
  for (unsigned i = 0; i < image_regions; i++) {
    const struct region_info *info = &image[i].info;
    check_equal(kernel_map(process, image[i].memory, info->address, info->first_page, info->pages,
                           (uint32_t)info->rights),
                0);
  }
}

handle_t child_create(uint64_t quota, handle_t system_call_endpoint, handle_t fault_endpoint) {
  struct process_start start = {.name = "child",
                                .quota = quota,
                                .system_call_endpoint = system_call_endpoint,
                                .fault_endpoint = fault_endpoint};
  int64_t process = kernel_create_process(&start);
  if (!check(process > 0))
    finish(subject);
  check_equal(kernel_grant((handle_t)process, (handle_t)process, RIGHTS_ALL, 0), HANDLE_PROCESS);
  check_equal(kernel_grant((handle_t)process, HANDLE_MACHINE, RIGHT_SEND, 0), HANDLE_MACHINE);
  share_everything((handle_t)process);
  return (handle_t)process;
}

static int64_t await_process(handle_t process) {
  struct end_info end = {0};
  check_equal(kernel_await_end(process, milliseconds(10000), &end), 0);
  check_equal(kernel_delete(process), 0);
  return end.code;
}

void child_end(handle_t process) {
  check_equal(kernel_end_process(process, 0), 0);
  await_process(process);
}

struct child child_start(work *run, uint64_t a, uint64_t b) {
  handle_t process = child_create(QUOTA, 0, 0);
  return (struct child){process, worker_start(process, run, a, b)};
}

int64_t child_join(struct child child) {
  int64_t status = await_process(child.process);
  worker_forget(child.worker);
  return status;
}

void child_kill(struct child child) {
  child_end(child.process);
  worker_forget(child.worker);
}

uint64_t settling_ticks(void) { return (lateness > TICKS_PER_MILLISECOND ? 30 : 2) * TICKS_PER_MILLISECOND; }

void settle(void) { kernel_sleep(now() + settling_ticks()); }

struct thread_info look_at(struct worker worker) {
  struct thread_info info;
  for (uint64_t i = 0; kernel_inspect(HANDLE_MACHINE, INSPECT_THREAD, i, &info, sizeof info) > 0; i++) {
    if (info.tag == FIRST_TAG + worker.slot)
      return info;
  }
  print_line("FAILED: the worker in slot %u is gone", worker.slot);
  finish(subject);
}

void await_waiting(struct worker worker, enum wait_reason reason) {
  uint64_t deadline = milliseconds(10000);
  while (look_at(worker).waiting != reason) {
    if (now() > deadline) {
      check_equal(look_at(worker).waiting, reason);
      return;
    }
    settle();
  }
}

// The number that a file of the archive holds, or 0.
static uint64_t read_number(const uint8_t *archive, uint64_t bytes, const char *name) {
  struct archive_member member;
  char digits[24] = {0};
  if (!archive_find(archive, bytes, name, &member))
    return 0;
  memcpy(digits, member.data, member.bytes < sizeof digits ? member.bytes : sizeof digits - 1);
  return strtoul(digits, NULL, 10);
}

static void read_parameters(void) {
  struct system_info system = inventory();
  check_equal(system.timebase, TICKS_PER_MILLISECOND * 1000);
  uint64_t offset = system.initrd_address % PAGE_BYTES;
  uint64_t pages = (offset + system.initrd_bytes + PAGE_BYTES - 1) / PAGE_BYTES;
  int64_t address = space_map(HANDLE_INITRD, 0, pages, MAP_READ);
  const uint8_t *archive = (const uint8_t *)address + offset;
  parameter = read_number(archive, system.initrd_bytes, "amount");
  uint64_t late = read_number(archive, system.initrd_bytes, "lateness");
  if (late > 0)
    lateness = late * TICKS_PER_MILLISECOND;
  space_unmap((void *)address, pages);
}

uint64_t amount(uint64_t otherwise) { return parameter == 0 ? otherwise : parameter; }

static int64_t run_test(uint64_t a, uint64_t b) {
  (void)a, (void)b;
  test();
  finish(subject);
}

int main(void) {
  uint64_t pages = SLOTS * sizeof(struct slot) / PAGE_BYTES;
  int64_t arena = kernel_create_memory(pages, MEMORY_WIRED, 0, 0);
  check_equal(kernel_map(HANDLE_PROCESS, (handle_t)arena, ARENA, 0, pages, MAP_READ | MAP_WRITE), 0);
  read_parameters();
  read_image();
  worker_start(HANDLE_PROCESS, run_test, 0, 0); // with a message buffer, which this thread has not
  for (;;)
    kernel_sleep(WAIT_FOREVER);
}
