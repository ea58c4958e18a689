// The kernel's way from the firmware to the first process.

#include "address_space.h"
#include "archive.h"
#include "console.h"
#include "fdt.h"
#include "hart.h"
#include "plic.h"
#include "pmem.h"
#include "power.h"
#include "print.h"
#include "process.h"
#include "sbi.h"
#include "timer.h"
#include "trap.h"

// For entry.S: called on the boot hart and on the others, with a stack and the boot page table. They return
// the trapframe of the first thread each is to run.
struct trapframe *kernel_main(uint64_t hart_id, physical_address tree);
struct trapframe *secondary_main(void);

static void announce(void) {
  print("Trapframe kernel: %u hart%s, %lu MiB of memory, Sv39 with %lu ASIDs, timer by %s\n", hart_count,
        hart_count == 1 ? "" : "s", pmem_total_bytes() >> 20, address_space_asid_limit(),
        timer_is_sstc() ? "Sstc" : "SBI");
}

static void start_init(void) {
  static const struct arguments arguments = {.count = 1, .bytes = sizeof "init", .strings = "init"};
  int64_t id = process_spawn(NULL, "init", &arguments);
  if (id == ERROR_NOT_FOUND)
    panic("no program \"init\" in the archive; was the kernel given its initrd?");
  if (id < 0)
    panic("init does not start: error %ld", id);
  console_focus(process_find(id));
}

struct trapframe *kernel_main(uint64_t hart_id, physical_address tree) {
  hart_set_up_traps();
  sbi_probe(); // from here on, the firmware's console can show a panic
  if (!fdt_open(tree))
    panic("no device tree at %p", (void *)tree);
  hart_find_all(hart_id);
  timer_init();
  struct fdt_range archive = archive_range();
  pmem_init(archive);
  vm_init();
  power_init();
  plic_init();
  console_init();
  address_space_init();
  announce();
  archive_open(archive);
  start_init();
  hart_start_others();
  return trap_first();
}

struct trapframe *secondary_main(void) {
  hart_set_up_traps();
  vm_enter_kernel_table();
  return trap_first();
}
