#include "plic.h"
#include "fdt.h"
#include "hart.h"
#include "riscv.h"
#include "vm.h"

// RISC-V Platform-Level Interrupt Controller specification 1.0.0: offsets, and sizes per context, in bytes.
#define PRIORITY     0x0
#define ENABLE       0x2000
#define ENABLE_SIZE  0x80
#define CONTEXT      0x200000
#define CONTEXT_SIZE 0x1000
#define CLAIM        4 // in a context, behind its threshold

static fdt_node controller = FDT_NONE;
static volatile uint8_t *registers;
static uint64_t context; // the boot hart's, for supervisor mode

static volatile uint32_t *at(uint64_t offset) { return (volatile uint32_t *)(registers + offset); }

// The hart whose interrupt controller has that phandle.
static bool is_boot_hart(uint32_t phandle) {
  struct fdt_range reg;
  fdt_node node = fdt_find_phandle(phandle);
  return node != FDT_NONE && fdt_reg(fdt_parent(node), 0, &reg) && reg.address == harts[0].hart_id;
}

// The contexts are in the order of interrupts-extended: pairs of a hart's interrupt controller and an
// interrupt of it.
static bool find_context(void) {
  uint32_t bytes;
  const void *pairs = fdt_property(controller, "interrupts-extended", &bytes);
  if (pairs == NULL)
    return false;
  for (context = 0; (context + 1) * 8 <= bytes; context++) {
    uint32_t interrupt = fdt_cell(pairs, 2 * (unsigned)context + 1);
    if (interrupt == INTERRUPT_EXTERNAL && is_boot_hart(fdt_cell(pairs, 2 * (unsigned)context)))
      return true;
  }
  return false;
}

void plic_init(void) {
  struct fdt_range range;
  controller = fdt_find_compatible(0, "sifive,plic-1.0.0");
  if (controller == FDT_NONE)
    controller = fdt_find_compatible(0, "riscv,plic0");
  if (controller == FDT_NONE || !fdt_reg(controller, 0, &range) || !find_context()) {
    controller = FDT_NONE;
    return;
  }
  registers = vm_map_device(range.address, range.bytes);
  *at(CONTEXT + CONTEXT_SIZE * context) = 0; // threshold: every priority above 0 comes through
}

bool plic_is_present(void) { return controller != FDT_NONE; }

static volatile uint32_t *enable_word(uint32_t source) {
  return at(ENABLE + ENABLE_SIZE * context + source / 32 * 4);
}

void plic_enable(uint32_t source) {
  *at(PRIORITY + 4 * source) = 1;
  *enable_word(source) |= 1u << source % 32;
}

void plic_disable(uint32_t source) { *enable_word(source) &= ~(1u << source % 32); }

static volatile uint32_t *claim_register(void) { return at(CONTEXT + CONTEXT_SIZE * context + CLAIM); }

uint32_t plic_claim(void) {
  uint32_t source = plic_is_present() ? *claim_register() : 0;
  return source < PLIC_SOURCES ? source : 0;
}

void plic_complete(uint32_t source) { *claim_register() = source; }
