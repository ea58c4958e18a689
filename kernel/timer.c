#include "timer.h"
#include "fdt.h"
#include "sbi.h"
#include "string.h"

static uint64_t ticks_per_second;
static bool has_sstc;

// Whether an ISA string such as "rv64imafdc_zicsr_sstc" names the extension.
static bool isa_string_has(const char *isa, const char *extension) {
  size_t length = string_length(extension);
  for (; *isa != 0; isa++) {
    if (isa[0] == '_' && memcmp(isa + 1, extension, length) == 0 &&
        (isa[1 + length] == '_' || isa[1 + length] == 0))
      return true;
  }
  return false;
}

void timer_init(void) {
  ticks_per_second = fdt_number(fdt_find_path("/cpus"), "timebase-frequency", 10000000);
  has_sstc = false;
  for (fdt_node node = 0; node != FDT_NONE; node = fdt_next(node)) {
    if (!fdt_lists(node, "device_type", "cpu"))
      continue;
    const char *isa = fdt_property(node, "riscv,isa", NULL);
    has_sstc =
        fdt_lists(node, "riscv,isa-extensions", "sstc") || (isa != NULL && isa_string_has(isa, "sstc"));
    if (!has_sstc)
      break; // what one hart lacks, no hart uses
  }
}

bool timer_is_sstc(void) { return has_sstc; }

void timer_set(uint64_t deadline) {
  if (has_sstc)
    csr_write(0x14d, deadline); // stimecmp, by number: not every assembler knows its name
  else
    sbi_set_timer(deadline);
}

uint64_t timer_from_microseconds(uint64_t microseconds) {
  // Split, so that no product overflows: a sleep of centuries must not become a short one.
  uint64_t seconds = microseconds / 1000000;
  if (seconds > UINT64_MAX / 2 / ticks_per_second)
    return UINT64_MAX / 2;
  return seconds * ticks_per_second + microseconds % 1000000 * ticks_per_second / 1000000;
}
