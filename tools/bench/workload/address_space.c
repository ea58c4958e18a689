// Context switches: eight user tasks, each in an address space and with an ASID of its own, yield in a ring.

#include "supervisor.h"

enum { TASKS = 8, SWITCHES_EACH = 1000, DATA_PAGES = 4 };

// Known to address_space.S.
struct task {
  struct task *next;
  uint64_t satp;
  uint64_t pc;
};
struct scheduler {
  struct task *current;
  uint64_t switches_left;
};
extern struct scheduler scheduler;
void switch_task(void);
extern const char user_task[];

struct scheduler scheduler;
static struct task tasks[TASKS];
static uint64_t data[TASKS][DATA_PAGES][PAGE_BYTES / 8] __attribute__((aligned(PAGE_BYTES)));

static void prepare(void) {
  enter_supervisor_mode();
  for (int i = 0; i < TASKS; i++) {
    uint64_t *root = new_address_space();
    for (int page = 0; page < DATA_PAGES; page++)
      *page_table_entry(root, USER_DATA + page * PAGE_BYTES) = make_entry(data[i][page], PTE_USER_DATA);
    tasks[i].next = &tasks[(i + 1) % TASKS];
    tasks[i].satp = make_satp(root, (uint64_t)i + 1);
  }
  set_supervisor_vector(switch_task);
}

static uint64_t run(void) {
  for (int i = 0; i < TASKS; i++) {
    tasks[i].pc = user_address(user_task);
    data[i][0][0] = 0;
    // Different in every task, so that a translation of another task's shows in the sum.
    for (int page = 1; page < DATA_PAGES; page++)
      data[i][page][0] = (uint64_t)(i * DATA_PAGES + page);
  }
  scheduler = (struct scheduler){.current = &tasks[0], .switches_left = TASKS * SWITCHES_EACH};
  switch_address_space(tasks[0].satp);
  run_user(tasks[0].pc, USER_DATA);
  uint64_t checksum = 0;
  for (int i = 0; i < TASKS; i++)
    checksum = fold(checksum, data[i][0][0]);
  return checksum;
}

const struct workload workload = {
    .name = "address-space", .checksum = 0x1a30c4efb21ba7cd, .prepare = prepare, .run = run};
