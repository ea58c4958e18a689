#include "boot.h"
#include "board.h"
#include "console.h"
#include "guarded.h"
#include "hart.h"
#include "ipi.h"
#include "memory.h"
#include "power.h"
#include "version.h"

// The loader's parameters, as OpenSBI's fw_dynamic defines them and QEMU passes them: "OSBI", then the
// fields. Each is a 64-bit number.
#define INFO_MAGIC 0x4942534f
enum info_field {
  INFO_FIELD_MAGIC,
  INFO_VERSION,
  INFO_NEXT_ADDRESS,
  INFO_NEXT_MODE,
  INFO_OPTIONS,
  INFO_BOOT_HART,
  INFO_FIELDS
};

// The field boot_hart exists from this version on.
#define INFO_VERSION_BOOT_HART 2
#define INFO_NEXT_MODE_S       1

#define DEFAULT_NEXT_ADDRESS 0x80200000

struct next_stage {
  uint64_t address;
  uint64_t mode;
  // The hart that shall boot, or one beyond the last for any.
  uint64_t boot_hart;
};

enum progress { BOOT_OPEN = 1, BOOT_CLAIMED, BOOT_DONE };

// Not 0 at first, so that it is in .data: harts look at it before .bss is cleared.
static _Atomic uint32_t progress = BOOT_OPEN;

extern char bss_start[], bss_end[], handover_start[], handover_end[];

static struct next_stage read_next_stage(uint64_t dynamic_info) {
  struct next_stage next = {DEFAULT_NEXT_ADDRESS, INFO_NEXT_MODE_S, MAX_HARTS};
  uint64_t fields[INFO_FIELDS] = {0};
  if (dynamic_info % 8 != 0)
    return next;
  for (unsigned i = 0; i < INFO_FIELDS; i++) {
    struct guarded field = guarded_load(dynamic_info + 8 * i, 8, 0);
    if (field.fault != 0)
      return next;
    fields[i] = field.value;
    if (fields[INFO_FIELD_MAGIC] != INFO_MAGIC)
      return next;
  }
  next.address = fields[INFO_NEXT_ADDRESS];
  next.mode = fields[INFO_NEXT_MODE];
  if (fields[INFO_VERSION] >= INFO_VERSION_BOOT_HART)
    next.boot_hart = fields[INFO_BOOT_HART];
  return next;
}

static bool is_boot_hart(uint64_t hart, uint64_t preferred) {
  if (preferred < MAX_HARTS && hart != preferred)
    return false;
  uint32_t open = BOOT_OPEN;
  return atomic_compare_exchange_strong(&progress, &open, BOOT_CLAIMED);
}

static _Noreturn void wait_for_start(void) {
  csr_write(mie, INTERRUPT_MSI);
  while (atomic_load_explicit(&progress, memory_order_acquire) != BOOT_DONE)
    __asm__ volatile("wfi");
  hart_prepare();
  hart_wait_for_start();
}

// Reads the board from the tree and makes the supervisor's copy of it, whose address it returns; without a
// usable tree, the address that the loader passed.
static uint64_t take_over_tree(uint64_t address) {
  struct fdt tree;
  struct range own = firmware_memory();
  bool known = fdt_open(&tree, address) && board_discover(&tree);
  console_open();
  if (!known) {
    print("firmware: no usable device tree at 0x%lx, taking the board for QEMU's virt with 128 MiB\n",
          address);
    board.harts = 1u << hart_id();
    return address;
  }
  if (fdt_copy_reserving(&tree, handover_start, (size_t)(handover_end - handover_start), own.base, own.bytes))
    return (uint64_t)handover_start;
  print("firmware: device tree too large to change, the firmware's memory is not marked as reserved in it\n");
  return address;
}

static void print_harts(void) {
  unsigned count = 0;
  for (unsigned hart = 0; hart < MAX_HARTS; hart++)
    count += board.harts >> hart & 1;
  print("  %u %s, hart %lu boots, %s\n", count, count == 1 ? "hart" : "harts", hart_id(), board.isa);
}

static void print_banner(const struct next_stage *next, uint64_t tree) {
  struct range own = firmware_memory();
  uint64_t bytes = 0;
  for (unsigned i = 0; i < board.memories; i++)
    bytes += board.memory[i].bytes;
  print("\nTrapframe firmware %u.%u, SBI 2.0\n", VERSION_MAJOR, VERSION_MINOR);
  print_harts();
  print("  %lu MiB of memory, 0x%lx-0x%lx is the firmware's\n", bytes >> 20, own.base,
        own.base + own.bytes - 1);
  print("  timer: %s, %lu Hz\n", hart_self()->sstc ? "stimecmp" : "CLINT", board.ticks_per_second);
  print("  next stage at 0x%lx, device tree at 0x%lx\n\n", next->address, tree);
}

static void check_next_stage(const struct next_stage *next) {
  struct range own = firmware_memory();
  if (next->mode != INFO_NEXT_MODE_S)
    print("firmware: next stage wants privilege mode %lu, only supervisor mode (1) is offered\n", next->mode);
  else if (next->address == 0)
    print("firmware: nothing to start: no kernel was loaded\n");
  else if (next->address >= own.base && next->address < (uint64_t)handover_end)
    print("firmware: next stage at 0x%lx would overwrite the firmware\n", next->address);
  else
    return;
  power_off(1);
}

_Noreturn void boot(uint64_t hart, uint64_t tree, uint64_t dynamic_info) {
  struct next_stage next = read_next_stage(dynamic_info);
  if (!is_boot_hart(hart, next.boot_hart))
    wait_for_start();

  memset(bss_start, 0, (size_t)(bss_end - bss_start));
  tree = take_over_tree(tree);
  // Without software interrupts the others cannot be woken.
  if (board.msip == 0)
    board.harts = 1u << hart;
  for (unsigned i = 0; i < MAX_HARTS; i++)
    harts[i].state = i == hart ? HART_STARTED : HART_STOPPED;
  hart_prepare();
  print_banner(&next, tree);
  check_next_stage(&next);

  atomic_store_explicit(&progress, BOOT_DONE, memory_order_release);
  for (unsigned i = 0; i < MAX_HARTS; i++)
    if (i != hart && (board.harts >> i & 1) != 0)
      ipi_post(i, 0);
  hart_enter_supervisor(next.address, tree);
}
