#include "harness.h"
#include "hart.h"
#include "lock.h"
#include "pmem.h"
#include "pool.h"
#include "print.h"
#include "process.h"
#include "riscv.h"
#include "sbi.h"
#include "string.h"

struct saved {
  uint64_t x[32];
};

// For trap.S and entry.S.
void test_trap(struct saved *saved);
uint64_t user_load(user_address address);
void user_store(user_address address, uint64_t value);
uint64_t user_call(user_address address);
void *kernel_main(uint64_t hart_id, physical_address tree);
void *secondary_main(void);

struct lock kernel_lock;
unsigned faults;
struct page_request last_request;
struct quota *quota;
struct channel *pager;

static unsigned failures;
static enum page_outcome outcomes[MAX_HARTS]; // of the access a hart is making
static void (*volatile work)(void);           // for the second hart

// --- What the kernel's other half provides

static struct {
  struct pool pool;
  uint64_t count;
} kinds[] = {[OBJECT_ENDPOINT] = {.pool = POOL(64)}, [OBJECT_MEMORY] = {.pool = POOL(sizeof(struct memory))}};

void *object_create(enum object_type type, struct quota *payer) {
  if (!quota_charge(payer, kinds[type].pool.bytes))
    return NULL;
  struct object *object = pool_allocate(&kinds[type].pool);
  if (object == NULL) {
    quota_uncharge(payer, kinds[type].pool.bytes);
    return NULL;
  }
  *object = (struct object){.type = type, .references = 1, .quota = payer};
  quota_retain(payer);
  kinds[type].count++;
  return object;
}

void object_release(struct object *object) {
  if (--object->references > 0)
    return;
  struct quota *payer = object->quota;
  unsigned type = object->type;
  if (type == OBJECT_MEMORY)
    memory_destroy((struct memory *)object);
  pool_free(&kinds[type].pool, object);
  kinds[type].count--;
  quota_uncharge(payer, kinds[type].pool.bytes);
  quota_release(payer);
}

void say(const char *text) {
  for (; *text != 0; text++)
    sbi_console_write(*text);
}

static void say_number(uint64_t number) {
  say("0x");
  for (int shift = 60; shift >= 0; shift -= 4) {
    if (number >> shift != 0 || shift == 0)
      sbi_console_write("0123456789abcdef"[number >> shift & 15]);
  }
}

void panic(const char *format, ...) {
  say("FAILED: panic: ");
  say(format);
  say("\r\n");
  sbi_power_off();
  for (;;)
    wait_for_interrupt();
}

void print(const char *format, ...) { say(format); }

// --- Checks

static void complain(const char *file, unsigned line, const char *text) {
  failures++;
  say("FAILED ");
  say(file);
  say(":");
  char digits[] = {(char)('0' + line / 100 % 10), (char)('0' + line / 10 % 10), (char)('0' + line % 10), 0};
  say(digits);
  say(": ");
  say(text);
}

void check_that(bool condition, const char *file, unsigned line, const char *text) {
  if (condition)
    return;
  complain(file, line, text);
  say("\r\n");
}

void check_equality(uint64_t actual, uint64_t expected, const char *file, unsigned line, const char *text) {
  if (actual == expected)
    return;
  complain(file, line, text);
  say(" is ");
  say_number(actual);
  say(", not ");
  say_number(expected);
  say("\r\n");
}

// --- User mode

void test_trap(struct saved *saved) {
  uint64_t cause = csr_read(scause), address = csr_read(stval), pc = csr_read(sepc);
  if (cause == CAUSE_USER_CALL) {
    csr_set_bits(sstatus, 1ul << 8); // SPP: the ecall returns to user_call's caller
    csr_write(sepc, saved->x[1]);
    return;
  }
  uint64_t access = cause == CAUSE_LOAD_PAGE_FAULT          ? MAP_READ
                    : cause == CAUSE_STORE_PAGE_FAULT       ? MAP_WRITE
                    : cause == CAUSE_INSTRUCTION_PAGE_FAULT ? MAP_EXECUTE
                                                            : 0;
  if (access == 0 || address >= USER_TOP) {
    say_number(cause);
    say(" at ");
    say_number(pc);
    panic(": unexpected trap");
  }
  lock_acquire(&kernel_lock);
  faults++;
  enum page_outcome *outcome = &outcomes[this_hart()->index];
  *outcome = address_space_touch(this_hart()->space, address, access, &last_request);
  lock_release(&kernel_lock);
  if (*outcome == PAGE_PRESENT)
    return;
  if (access == MAP_EXECUTE) {
    csr_set_bits(sstatus, 1ul << 8);
    csr_write(sepc, saved->x[1]);
  } else {
    csr_write(sepc, pc + 4);
  }
}

static void enter_user_mode(void) {
  faults = 0;
  outcomes[this_hart()->index] = PAGE_PRESENT;
  lock_release(&kernel_lock);
}

static enum page_outcome leave_user_mode(void) {
  lock_acquire(&kernel_lock);
  return outcomes[this_hart()->index];
}

enum page_outcome load(user_address address, uint64_t *value) {
  enter_user_mode();
  *value = user_load(address);
  return leave_user_mode();
}

enum page_outcome store(user_address address, uint64_t value) {
  enter_user_mode();
  user_store(address, value);
  return leave_user_mode();
}

enum page_outcome execute(user_address address, uint64_t *result) {
  enter_user_mode();
  *result = user_call(address);
  return leave_user_mode();
}

uint64_t loaded(user_address address) {
  uint64_t value = 0;
  check_equal(load(address, &value), PAGE_PRESENT);
  return value;
}

// --- Objects

static struct process processes[32];
struct process *first_process; // for a new generation of ASIDs

struct address_space *new_space(void) {
  for (unsigned i = 0; i < sizeof processes / sizeof processes[0]; i++) {
    struct process *process = &processes[i];
    if (process->space.root == NULL) {
      check(address_space_create(&process->space, quota));
      return &process->space;
    }
  }
  panic("too many address spaces");
}

static void list_processes(void) {
  for (unsigned i = 0; i < sizeof processes / sizeof processes[0]; i++) {
    processes[i].next = first_process;
    first_process = &processes[i];
  }
}

void end_space(struct address_space *space) {
  address_space_destroy(space);
  check_equal(space->resident, 0);
}

struct memory *new_memory(uint64_t pages) {
  struct memory *memory = NULL;
  check_equal(memory_create(quota, pages, 0, NULL, 0, 0, &memory), 0);
  return memory;
}

struct memory *new_paged_memory(uint64_t pages) {
  struct memory *memory = NULL;
  check_equal(memory_create(quota, pages, 0, pager, 7, 0x7a6, &memory), 0);
  return memory;
}

void release(struct memory *memory) { object_release(&memory->object); }

void map(struct address_space *space, struct memory *memory, user_address address) {
  check_equal(address_space_map(space, memory, address, 0, memory->pages, MAP_READ | MAP_WRITE, 7), 0);
}

// --- Harts

void start_on_other_hart(void (*function)(void)) { work = function; }

void await_other_hart(void) {
  lock_release(&kernel_lock);
  while (work != NULL)
    continue;
  lock_acquire(&kernel_lock);
}

void on_other_hart(void (*function)(void)) {
  start_on_other_hart(function);
  await_other_hart();
}

void *secondary_main(void) {
  hart_set_up_traps();
  csr_write(sie, 0);
  vm_enter_kernel_table();
  for (;;) {
    while (work == NULL || this_hart()->index != 1)
      continue;
    lock_acquire(&kernel_lock);
    work();
    lock_release(&kernel_lock);
    work = NULL;
  }
}

static void leave_space(void) { address_space_activate(NULL); }

static void run(const struct test *test) {
  uint64_t free_before = pmem_free_bytes(), used_before = quota_root()->used;
  unsigned failures_before = failures;
  quota = quota_create(quota_root(), 4ul << 20);
  pager = object_create(OBJECT_ENDPOINT, quota);
  test->run();
  object_release((struct object *)pager);
  address_space_activate(NULL);
  if (hart_count > 1)
    on_other_hart(leave_space);
  for (const struct process *process = first_process; process != NULL; process = process->next)
    check(process->space.root == NULL);
  // Everything is back where it began.
  check_equal(kinds[OBJECT_MEMORY].count, 0);
  check_equal(quota->used, 0);
  quota_release(quota);
  check_equal(quota_root()->used, used_before);
  check_equal(pmem_free_bytes(), free_before);
  if (failures != failures_before) {
    say("  in: ");
    say(test->name);
    say("\r\n");
  }
}

static void run_all(const struct test *test) {
  for (; test->name != NULL; test++) {
    if (test->harts <= hart_count)
      run(test);
  }
}

void *kernel_main(uint64_t hart_id, physical_address tree) {
  hart_set_up_traps();
  csr_write(sie, 0);
  sbi_probe();
  if (!fdt_open(tree))
    panic("no device tree");
  hart_find_all(hart_id);
  struct fdt_range initrd = {0x81000000, 0x1800}; // nothing is there, but it is as good as any other
  pmem_init(initrd);
  vm_init();
  list_processes();
  lock_acquire(&kernel_lock);
  hart_start_others();
  // As many ASIDs as the processor has, so few that they are handed out anew all the time, and none.
  const uint64_t limits[] = {UINT64_MAX, 3, 1, 0};
  for (unsigned i = 0; i < sizeof limits / sizeof limits[0]; i++) {
    tlb_init(limits[i]);
    run_all(object_tests);
    run_all(space_tests);
    run_all(hart_tests);
  }
  say(failures == 0 ? "memory: all checks passed\r\n" : "memory: there are failures\r\n");
  sbi_power_off();
  return NULL;
}
