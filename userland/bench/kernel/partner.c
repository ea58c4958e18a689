#include "partner.h"
#include "lib/space.h"
#include "measure.h"
#include <stdbool.h>
#include <string.h>

#define PRIORITY      16
#define SLOTS         32
#define REGIONS       24
#define STACK_BYTES   16384ul
#define CONTROL_BYTES 256ul // of musl, below tp
#define DATA_BYTES    256ul
#define BUFFER_PAGES  (SLOTS * sizeof(struct message_buffer) / PAGE_BYTES)

// The ends of stacks are thread-local data, and below them musl's control block.
static uint8_t stacks[SLOTS][STACK_BYTES] __attribute__((aligned(4096)));
static struct message_buffer *buffers;
static bool used[SLOTS];

static struct {
  uint64_t memory;
  struct region_info info;
} regions[REGIONS];
static unsigned region_count;

void partners_open(void) {
  if (buffers == NULL) {
    uint64_t memory = require(kernel_create_memory(BUFFER_PAGES, MEMORY_WIRED, 0, 0), "message buffers");
    buffers = (struct message_buffer *)require(
        space_map((handle_t)memory, 0, BUFFER_PAGES, MAP_READ | MAP_WRITE), "message buffers");
  }
  for (unsigned i = 0; i < region_count; i++)
    kernel_delete((handle_t)regions[i].memory);
  for (region_count = 0; region_count < REGIONS; region_count++) {
    int64_t memory = kernel_read_region(HANDLE_PROCESS, region_count, &regions[region_count].info);
    if (memory < 0)
      break;
    regions[region_count].memory = (uint64_t)memory;
  }
}

handle_t partner_process(void) {
  struct process_start start = {.name = "partner"};
  handle_t process = (handle_t)require(kernel_create_process(&start), "a process");
  require(kernel_grant(process, process, RIGHTS_ALL, 0), "a grant");
  require(kernel_grant(process, HANDLE_MACHINE, RIGHTS_ALL, 0), "a grant");
  for (unsigned i = 0; i < region_count; i++) {
    const struct region_info *info = &regions[i].info;
    require(kernel_map(process, (handle_t)regions[i].memory, info->address, info->first_page, info->pages,
                       (uint32_t)info->rights),
            "a mapping");
  }
  return process;
}

static _Noreturn void begin(work *run, uint64_t argument, struct message_buffer *buffer) {
  message_buffer = buffer;
  run(argument);
  kernel_exit(0);
}

static int64_t start(handle_t process, work *run, uint64_t argument, unsigned slot, uint32_t priority) {
  uint8_t *own_data, *global_data;
  __asm__("mv %0, tp" : "=r"(own_data));
  __asm__("mv %0, gp" : "=r"(global_data));
  uint8_t *data = stacks[slot] + STACK_BYTES - DATA_BYTES;
  memcpy(data - CONTROL_BYTES, own_data - CONTROL_BYTES, CONTROL_BYTES);
  struct thread_start thread = {
      .pc = (uint64_t)begin,
      .sp = (uint64_t)data - CONTROL_BYTES,
      .gp = (uint64_t)global_data,
      .tp = (uint64_t)data,
      .arguments = {(uint64_t)run, argument, (uint64_t)&buffers[slot]},
      .buffer = (uint64_t)&buffers[slot],
      .priority = priority,
      .affinity = OWN_HART,
  };
  return kernel_create_thread(process, &thread);
}

struct partner partner_start(handle_t process, work *run, uint64_t argument) {
  struct partner partner = {.process = process};
  while (partner.slot < SLOTS - 1 && used[partner.slot])
    partner.slot++;
  used[partner.slot] = true;
  partner.thread =
      (handle_t)require(start(process, run, argument, partner.slot, (uint32_t)UNCHANGED), "a thread");
  return partner;
}

// All bits would leave it unchanged.
void partner_release(void) { require(kernel_schedule_thread(0, UNCHANGED, AFFINITY_ANY), "an affinity"); }

void partner_bind(void) { require(kernel_schedule_thread(0, UNCHANGED, OWN_HART), "an affinity"); }

static void forget(struct partner partner) {
  used[partner.slot] = false;
  kernel_delete(partner.thread);
  if (partner.process == HANDLE_PROCESS)
    return;
  kernel_end_process(partner.process, 0);
  kernel_await_end(partner.process, WAIT_FOREVER, NULL);
  kernel_delete(partner.process);
}

void partner_join(struct partner partner) {
  require(kernel_await_end(partner.thread, WAIT_FOREVER, NULL), "a thread's end");
  forget(partner);
}

void partner_end(struct partner partner) {
  kernel_end_thread(partner.thread, 0);
  forget(partner);
}

_Noreturn void partner_become(work *run) {
  used[0] = true;
  handle_t thread = (handle_t)require(start(HANDLE_PROCESS, run, 0, 0, PRIORITY), "a thread");
  kernel_await_end(thread, WAIT_FOREVER, NULL);
  kernel_exit(0);
}
