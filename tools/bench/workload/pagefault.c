// Demand paging: user mode walks over 64 pages of which only 8 are mapped at a time. Each touch faults; the
// supervisor maps the page, unmaps the one mapped longest ago, and fences both.

#include "supervisor.h"

enum { PAGES = 64, RESIDENT = 8, ROUNDS = 16 };

extern const char user_touches[];
void fault_trap(void);

static uint64_t frames[PAGES][PAGE_BYTES / 8] __attribute__((aligned(PAGE_BYTES)));
static uint64_t *entries;
static uint64_t faults;
static uint64_t resident[RESIDENT];

static void fence_page(uint64_t virtual_address) {
  __asm__ volatile("sfence.vma %0, zero" : : "r"(virtual_address) : "memory");
}

// Called by fault_trap.
void handle_fault(uint64_t cause, uint64_t value);
void handle_fault(uint64_t cause, uint64_t value) {
  uint64_t page = (value - USER_DATA) / PAGE_BYTES;
  if (cause != CAUSE_LOAD_PAGE_FAULT || page >= PAGES)
    unexpected_trap(cause, 0, value);
  uint64_t *oldest = &resident[faults % RESIDENT];
  if (faults >= RESIDENT) {
    entries[*oldest] = 0;
    fence_page(USER_DATA + *oldest * PAGE_BYTES);
  }
  *oldest = page;
  faults++;
  entries[page] = make_entry(frames[page], PTE_USER_DATA);
  fence_page(value);
}

static void prepare(void) {
  enter_supervisor_mode();
  uint64_t *root = new_address_space();
  entries = page_table_entry(root, USER_DATA);
  switch_address_space(make_satp(root, 1));
  set_supervisor_vector(fault_trap);
}

static uint64_t run(void) {
  uint64_t faults_before = faults;
  for (int page = 0; page < PAGES; page++)
    frames[page][0] = (uint64_t)page;
  run_user(user_address(user_touches), USER_DATA);
  uint64_t checksum = faults - faults_before;
  for (int page = 0; page < PAGES; page++)
    checksum = checksum << 1 ^ checksum >> 63 ^ frames[page][0];
  return checksum;
}

const struct workload workload = {
    .name = "pagefault", .checksum = 0xf718f70708d8f338, .prepare = prepare, .run = run};
