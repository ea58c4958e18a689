// The kernel's way from the firmware to the first process.

#include "archive.h"
#include "elf.h"
#include "fdt.h"
#include "hart.h"
#include "plic.h"
#include "pmem.h"
#include "power.h"
#include "print.h"
#include "process.h"
#include "sbi.h"
#include "sched.h"
#include "string.h"
#include "timer.h"
#include "tlb.h"
#include "trap.h"

#define FIRST_PROCESS     "supervisor"
#define FIRST_STACK_TOP   0x3ffffff000 // the last page stays unmapped: a guard
#define FIRST_STACK_PAGES 64
#define FIRST_PRIORITY    (PRIORITIES - 1)

// For entry.S: called on the boot hart and on the others, with a stack and the boot page table. They return
// the trapframe of the first thread each is to run.
struct trapframe *kernel_main(uint64_t hart_id, physical_address tree);
struct trapframe *secondary_main(void);

static void announce(void) {
  print("Trapframe kernel: %u hart%s, %lu MiB of memory, Sv39 with %lu ASIDs, timer by %s\n", hart_count,
        hart_count == 1 ? "" : "s", pmem_total_bytes() >> 20, tlb_asid_limit(),
        timer_is_sstc() ? "Sstc" : "SBI");
}

// Panics unless the first process got what it needs.
static void require(bool success, const char *what) {
  if (!success)
    panic("the first process does not start: %s", what);
}

static void give(struct process *process, void *object, uint32_t rights) {
  require(object != NULL && capability_add(&process->table, object, rights, 0, NULL) != NULL,
          "out of memory");
}

// What a static executable finds at its sp (System V ABI, RISC-V supplement): argc, argv, envp, and the
// auxiliary vector, ended by zeros.
struct first_stack {
  uint64_t argc, argv[2], envp[1];
  struct {
    uint64_t type, value;
  } auxiliary[6];
  uint8_t random[16];
  char name[16];
};

enum auxiliary_type { SEGMENTS = 3, SEGMENT_BYTES = 4, SEGMENT_COUNT = 5, PAGE_BYTES_TYPE = 6, RANDOM = 25 };

// Returns the first sp.
static user_address make_stack(struct process *process, const struct executable *executable) {
  struct memory *stack;
  uint64_t first = FIRST_STACK_TOP - FIRST_STACK_PAGES * PAGE_SIZE;
  require(memory_create(process->quota, FIRST_STACK_PAGES, 0, NULL, 0, 0, &stack) == 0 &&
              address_space_map(&process->space, stack, first, 0, FIRST_STACK_PAGES, MAP_READ | MAP_WRITE,
                                MAP_READ | MAP_WRITE) == 0,
          "no stack");
  object_release(&stack->object); // it stays as long as it is mapped
  user_address sp = FIRST_STACK_TOP - (sizeof(struct first_stack) + 15) / 16 * 16;
  struct first_stack contents = {
      .argc = 1,
      .argv = {sp + offsetof(struct first_stack, name)},
      .auxiliary = {{SEGMENTS, executable->segments},
                    {SEGMENT_BYTES, executable->segment_bytes},
                    {SEGMENT_COUNT, executable->segment_count},
                    {PAGE_BYTES_TYPE, PAGE_SIZE},
                    {RANDOM, sp + offsetof(struct first_stack, random)}},
      .name = FIRST_PROCESS,
  };
  struct page_request request;
  require(address_space_copy_out(&process->space, sp, &contents, sizeof contents, &request) == PAGE_PRESENT,
          "out of memory");
  return sp;
}

// The first process has every capability there is: to itself, the machine, its thread, the initrd. What
// others get, it gives them.
static void start_first_process(struct fdt_range initrd) {
  struct program program;
  archive_open(initrd);
  if (!archive_find(FIRST_PROCESS, &program))
    panic("no program \"" FIRST_PROCESS "\" in the initrd; was the kernel given one?");
  static const struct process_start process_start = {.name = FIRST_PROCESS};
  struct process *process = process_create(NULL, &process_start);
  require(process != NULL, "out of memory");
  struct thread_start start = {.priority = FIRST_PRIORITY, .affinity = AFFINITY_ANY};
  struct executable executable;
  require(elf_load(process, program.image, program.bytes, &executable), "not an executable");
  start.pc = executable.entry;
  start.sp = make_stack(process, &executable);
  struct thread *thread = thread_create(process, process->quota, &start);
  struct memory *archive = NULL;
  require(memory_create_device(process->quota, page_down(initrd.address),
                               page_up(initrd.address + initrd.bytes) - page_down(initrd.address),
                               &archive) == 0,
          "no initrd");
  give(process, process, RIGHTS_ALL);
  give(process, object_create(OBJECT_MACHINE, process->quota), RIGHTS_ALL);
  give(process, thread, RIGHTS_ALL);
  give(process, archive, RIGHT_READ | RIGHT_CONTROL | RIGHT_GRANT);
  sched_ready(thread);
}

struct trapframe *kernel_main(uint64_t hart_id, physical_address tree) {
  hart_set_up_traps();
  sbi_probe(); // from here on, the firmware's console can show a panic
  if (!fdt_open(tree))
    panic("no device tree at %p", (void *)tree);
  hart_find_all(hart_id);
  timer_init();
  struct fdt_range initrd = archive_range();
  pmem_init(initrd);
  vm_init();
  power_init();
  plic_init();
  tlb_init(UINT64_MAX);
  announce();
  start_first_process(initrd);
  hart_start_others();
  return trap_first();
}

struct trapframe *secondary_main(void) {
  hart_set_up_traps();
  vm_enter_kernel_table();
  return trap_first();
}
