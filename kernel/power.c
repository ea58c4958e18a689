#include "power.h"
#include "fdt.h"
#include "riscv.h"
#include "sbi.h"
#include "vm.h"

// The "test finisher": a register to which the outcome is written.
enum finish { FINISH_FAIL = 0x3333, FINISH_PASS = 0x5555, FINISH_RESET = 0x7777 };

static volatile uint32_t *finisher;

void power_init(void) {
  struct fdt_range range;
  fdt_node node = fdt_find_compatible(0, "sifive,test0");
  if (node != FDT_NONE && fdt_reg(node, 0, &range))
    finisher = vm_map_device(range.address, range.bytes);
}

static void finish(uint32_t outcome) {
  if (finisher != NULL)
    *finisher = outcome;
}

_Noreturn static void halt(void) {
  for (;;)
    wait_for_interrupt();
}

void power_off(uint16_t status) {
  if (status != 0)
    finish((uint32_t)status << 16 | FINISH_FAIL);
  sbi_power_off();
  finish(FINISH_PASS);
  halt();
}

void power_reboot(void) {
  sbi_reboot();
  finish(FINISH_RESET);
  halt();
}
