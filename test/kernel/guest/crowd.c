// 1,000 processes and 10,000 threads, all alive at once.

#include "harness/workers.h"

const char subject[] = "crowd";

#define PROCESSES           1000
#define THREADS_PER_PROCESS 10

// Receives from handle 1, and ends with what it got.
void receive_and_exit(void);
__asm__("receive_and_exit: li a0, 1; li a6, -1; li a7, -5; ecall; mv a0, a2; li a7, -14; ecall");

static handle_t processes[PROCESSES];
static uint8_t seen[PROCESSES * THREADS_PER_PROCESS + 1];

static void crowd(void) {
  struct system_info before = inventory();
  struct region_info text;
  handle_t memory = memory_at((void *)receive_and_exit, &text);
  handle_t endpoint = (handle_t)kernel_create_endpoint();
  uint64_t failed = 0;
  for (unsigned i = 0; i < PROCESSES; i++) {
    struct process_start start = {.name = "one of many", .quota = 64 << 10, .tag = i};
    processes[i] = (handle_t)kernel_create_process(&start);
    failed += kernel_grant(processes[i], endpoint, RIGHT_RECEIVE, 0) != 1;
    failed += kernel_map(processes[i], memory, text.address, text.first_page, text.pages,
                         MAP_READ | MAP_EXECUTE) != 0;
    for (unsigned j = 0; j < THREADS_PER_PROCESS; j++) {
      struct thread_start thread = {
          .pc = (uint64_t)receive_and_exit, .priority = (uint32_t)UNCHANGED, .affinity = AFFINITY_ANY};
      failed += kernel_delete((handle_t)kernel_create_thread(processes[i], &thread)) != 0;
    }
  }
  check_equal(failed, 0);
  struct system_info full = inventory();
  check_equal(full.processes, before.processes + PROCESSES);
  check_equal(full.threads, before.threads + PROCESSES * THREADS_PER_PROCESS);
  print_line("%llu KiB for each process with its threads",
             (unsigned long long)((before.free_bytes - full.free_bytes) / PROCESSES / 1024));
  for (uint64_t i = 1; i <= PROCESSES * THREADS_PER_PROCESS; i++) {
    struct message message = message_of(1, i, 0, 0, 0);
    failed += message_send(endpoint, &message, milliseconds(10000)) != 0;
  }
  check_equal(failed, 0);
  for (unsigned i = 0; i < PROCESSES; i++) {
    struct end_info end;
    failed += kernel_await_end(processes[i], milliseconds(10000), &end) != 0 || end.code <= 0;
    failed += kernel_delete(processes[i]) != 0;
    seen[end.code] = 1;
  }
  check_equal(failed, 0);
  kernel_delete(endpoint);
  kernel_delete(memory);
  check_inventory(&before);
}

void test(void) {
  // This process's table of capabilities gets its size.
  for (unsigned i = 0; i < PROCESSES + 10; i++)
    processes[i % PROCESSES] = (handle_t)kernel_copy_capability(HANDLE_PROCESS, 0, 0);
  check_equal(kernel_revoke(HANDLE_PROCESS), 0);
  for (unsigned i = 0; i < sizeof seen; i += PAGE_BYTES)
    *(volatile uint8_t *)&seen[i] = 0;
  crowd();
}
