#include "hart.h"
#include "fdt.h"
#include "layout.h"
#include "lock.h"
#include "print.h"
#include "riscv.h"
#include "sbi.h"

extern char trap_entry[], secondary_entry[];

struct hart harts[MAX_HARTS];
unsigned hart_count;

// For harts that are in entry.S already. Not in .bss, which the boot hart clears after they may have come.
uint32_t others_may_start __attribute__((section(".data")));

struct stack {
  uint8_t guard[HART_STACK_GUARD];
  uint8_t bytes[HART_STACK_BYTES];
};

struct stack hart_stacks[MAX_HARTS] __attribute__((aligned(PAGE_SIZE))); // entry.S starts on the first

uint64_t hart_stack_guard(unsigned index) { return (uint64_t)hart_stacks[index].guard; }

static void add_hart(uint64_t hart_id) {
  if (hart_count == MAX_HARTS)
    return;
  unsigned index = hart_count++;
  harts[index] = (struct hart){
      .stack_top = (uint64_t)&hart_stacks[index + 1],
      .hart_id = hart_id,
      .bit = 1ul << index,
      .index = index,
      .timer_set = UINT64_MAX,
  };
}

// Every processor that can run this kernel is a /cpus/cpu node with an MMU.
static bool is_usable_cpu(fdt_node node) {
  return fdt_lists(node, "device_type", "cpu") && fdt_is_enabled(node) &&
         fdt_property(node, "mmu-type", NULL) != NULL;
}

void hart_find_all(uint64_t boot_hart_id) {
  add_hart(boot_hart_id);
  for (fdt_node node = 0; node != FDT_NONE; node = fdt_next(node)) {
    struct fdt_range reg;
    if (is_usable_cpu(node) && fdt_reg(node, 0, &reg) && reg.address != boot_hart_id)
      add_hart(reg.address);
  }
  for (unsigned i = 0; i < hart_count; i++)
    harts[i].lock = hart_count > 1 ? &kernel_lock : NULL;
}

void hart_start_others(void) {
  __atomic_store_n(&others_may_start, 1, __ATOMIC_RELEASE);
  for (unsigned i = 1; i < hart_count; i++) {
    if (!sbi_start_hart(harts[i].hart_id, kernel_to_physical(secondary_entry), (uint64_t)&harts[i]))
      print("hart %lu does not start\n", harts[i].hart_id);
  }
}

void hart_set_up_traps(void) {
  csr_write(sscratch, 0); // in the kernel
  csr_write(stvec, trap_entry);
  csr_write(sie, 1ul << INTERRUPT_SOFTWARE | 1ul << INTERRUPT_TIMER | 1ul << INTERRUPT_EXTERNAL);
  csr_write(scounteren, 7); // user programs may read cycle, time and instret
}

void hart_interrupt(const struct hart *hart) { sbi_send_interrupt(hart->hart_id); }

void hart_look_again(struct hart *hart) {
  if (hart == this_hart())
    hart->reschedule = true;
  else
    hart_interrupt(hart);
}
