// The firmware with another boot(): it has the emulated instructions executed on frames of its own making, on
// harts that would never ask for it themselves, and ends with status 0 if all came out right.

#include "board.h"
#include "boot.h"
#include "console.h"
#include "counter.h"
#include "float.h"
#include "hart.h"
#include "memory.h"
#include "misaligned.h"
#include "power.h"
#include "timer.h"

#define A0 10

// Memory outside the firmware, where the interrupted program may read, write and execute.
#define PROGRAM 0x80200000
#define DATA    0x80201000

// Encodings of encodings.S, each in a slot of this size.
#define SLOT_BYTES 8
extern const uint8_t load_encodings[], store_encodings[], other_encodings[];

enum other { OTHER_AMO, OTHER_LR, OTHER_LW_ZERO, OTHER_RDTIME, OTHER_RDCYCLE, OTHER_WRITE_TIME };

struct load {
  const char *name;
  unsigned length;
  bool is_float;
  // Of the bytes 0x81, 0x82, ... 0x88.
  uint64_t result;
};

static const struct load loads[] = {
    {"lh", 4, false, 0xffffffffffff8281},     {"lhu", 4, false, 0x8281},
    {"lw", 4, false, 0xffffffff84838281},     {"lwu", 4, false, 0x84838281},
    {"ld", 4, false, 0x8887868584838281},     {"flw", 4, true, 0xffffffff84838281},
    {"fld", 4, true, 0x8887868584838281},     {"c.lw", 2, false, 0xffffffff84838281},
    {"c.ld", 2, false, 0x8887868584838281},   {"c.fld", 2, true, 0x8887868584838281},
    {"c.lwsp", 2, false, 0xffffffff84838281}, {"c.ldsp", 2, false, 0x8887868584838281},
    {"c.fldsp", 2, true, 0x8887868584838281},
};

struct store {
  const char *name;
  unsigned length;
  bool is_float;
  unsigned bytes;
};

static const struct store stores[] = {
    {"sh", 4, false, 2},     {"sw", 4, false, 4},     {"sd", 4, false, 8},     {"fsw", 4, true, 4},
    {"fsd", 4, true, 8},     {"c.sw", 2, false, 4},   {"c.sd", 2, false, 8},   {"c.fsd", 2, true, 8},
    {"c.swsp", 2, false, 4}, {"c.sdsp", 2, false, 8}, {"c.fsdsp", 2, true, 8},
};

static unsigned failures;

static void check(bool condition, const char *instruction, const char *what) {
  if (condition)
    return;
  failures++;
  print("FAILED %s: %s\n", instruction, what);
}

// Makes it look as if the instruction in the slot, at PROGRAM, had just trapped from supervisor mode.
static void pretend_trap(const uint8_t *encodings, unsigned slot) {
  memcpy((void *)PROGRAM, encodings + SLOT_BYTES * slot, SLOT_BYTES);
  csr_write(mepc, PROGRAM);
  csr_clear(mstatus, MSTATUS_MPP | MSTATUS_FS);
  csr_set(mstatus, MSTATUS_MPP_S | MSTATUS_FS_INITIAL);
}

static void test_load(unsigned slot, uint64_t address) {
  const struct load *load = &loads[slot];
  struct frame frame = {.x = {[A0] = 0x5a5a}};
  struct exception exception = {CAUSE_LOAD_MISALIGNED, address};
  uint8_t *bytes = (uint8_t *)address;
  for (unsigned i = 0; i < 8; i++)
    bytes[i] = (uint8_t)(0x81 + i);
  pretend_trap(load_encodings, slot);
  check(misaligned_load(&frame, &exception), load->name, "is not emulated");
  check(csr_read(mepc) == PROGRAM + load->length, load->name, "leaves a wrong pc");
  if (load->is_float)
    check((csr_read(mstatus) & MSTATUS_FS) == MSTATUS_FS, load->name, "does not make FS dirty");
  check((load->is_float ? float_read(A0) : frame.x[A0]) == load->result, load->name, "loads a wrong value");
}

static void test_store(unsigned slot, uint64_t address) {
  const struct store *store = &stores[slot];
  uint64_t value = 0xf1e2d3c4b5a69788;
  struct frame frame = {.x = {[A0] = value}};
  struct exception exception = {CAUSE_STORE_MISALIGNED, address};
  uint8_t *bytes = (uint8_t *)address;
  memset(bytes - 1, 0x55, 10);
  pretend_trap(store_encodings, slot);
  if (store->is_float) {
    frame.x[A0] = 0;
    float_write(A0, value);
  }
  check(misaligned_store(&frame, &exception), store->name, "is not emulated");
  check(csr_read(mepc) == PROGRAM + store->length, store->name, "leaves a wrong pc");
  for (int i = -1; i < 9; i++) {
    uint8_t expected = i >= 0 && i < (int)store->bytes ? (uint8_t)(value >> 8 * i) : 0x55;
    check(bytes[i] == expected, store->name, "leaves wrong bytes");
  }
}

// The exception stands, or becomes `cause` at `value`, and nothing else changes.
static void check_refused(bool (*emulate)(struct frame *, struct exception *), const char *name,
                          uint64_t address, uint64_t cause, uint64_t value) {
  struct frame frame = {.x = {[A0] = 0x5a5a}};
  struct exception exception = {CAUSE_LOAD_MISALIGNED, address};
  uint64_t pc = csr_read(mepc);
  uint64_t mstatus = csr_read(mstatus);
  check(!emulate(&frame, &exception), name, "is emulated");
  check(exception.cause == cause && exception.value == value, name, "raises a wrong exception");
  check(csr_read(mepc) == pc && csr_read(mstatus) == mstatus && frame.x[A0] == 0x5a5a, name, "changes state");
}

static void test_refusals(void) {
  uint64_t end_of_memory = board.memory[0].base + board.memory[0].bytes;
  uint64_t own = firmware_memory().base;
  pretend_trap(other_encodings, OTHER_AMO);
  check_refused(misaligned_load, "amoadd.w", DATA + 1, CAUSE_LOAD_MISALIGNED, DATA + 1);
  check_refused(misaligned_store, "amoadd.w", DATA + 1, CAUSE_LOAD_MISALIGNED, DATA + 1);
  pretend_trap(other_encodings, OTHER_LR);
  check_refused(misaligned_load, "lr.w", DATA + 1, CAUSE_LOAD_MISALIGNED, DATA + 1);
  pretend_trap(load_encodings, 4);
  check_refused(misaligned_load, "ld of protected memory", own + 1, CAUSE_LOAD_ACCESS, own + 1);
  check_refused(misaligned_load, "ld beyond memory", end_of_memory - 3, CAUSE_LOAD_ACCESS, end_of_memory);
  pretend_trap(store_encodings, 2);
  check_refused(misaligned_store, "sd to protected memory", own + 1, CAUSE_STORE_ACCESS, own + 1);
  check_refused(misaligned_store, "sd beyond memory", end_of_memory - 5, CAUSE_STORE_ACCESS, end_of_memory);
  csr_write(mepc, own);
  check_refused(misaligned_load, "load from where it cannot be fetched", DATA, CAUSE_FETCH_ACCESS, own);
}

static void test_zero(void) {
  struct frame frame = {0};
  struct exception exception = {CAUSE_LOAD_MISALIGNED, DATA + 1};
  memset((void *)DATA, 0xff, 8);
  pretend_trap(other_encodings, OTHER_LW_ZERO);
  check(misaligned_load(&frame, &exception), "lw zero", "is not emulated");
  check(frame.x[0] == 0, "lw zero", "changes x0");
}

static void test_time(void) {
  struct frame frame = {0};
  struct exception exception = {CAUSE_ILLEGAL_INSTRUCTION, 0};
  uint64_t before = timer_now();
  pretend_trap(other_encodings, OTHER_RDTIME);
  check(counter_read(&frame, &exception), "rdtime", "is not emulated");
  check(frame.x[A0] >= before && frame.x[A0] <= timer_now(), "rdtime", "reads a wrong time");
  check(csr_read(mepc) == PROGRAM + 4, "rdtime", "leaves a wrong pc");

  pretend_trap(other_encodings, OTHER_RDTIME);
  csr_clear(mstatus, MSTATUS_MPP);
  check(counter_read(&frame, &exception), "rdtime in user mode", "is not emulated");
  csr_write(mepc, PROGRAM);
  csr_clear(scounteren, COUNTEREN_TM);
  check_refused(counter_read, "rdtime that the supervisor forbids", 0, CAUSE_LOAD_MISALIGNED, 0);
  pretend_trap(other_encodings, OTHER_RDCYCLE);
  check_refused(counter_read, "rdcycle", 0, CAUSE_LOAD_MISALIGNED, 0);
  pretend_trap(other_encodings, OTHER_WRITE_TIME);
  check_refused(counter_read, "csrrw time", 0, CAUSE_LOAD_MISALIGNED, 0);
}

_Noreturn void boot(uint64_t hart, uint64_t address, uint64_t dynamic_info) {
  struct fdt tree;
  (void)dynamic_info;
  if (hart != 0)
    halt();
  check(fdt_open(&tree, address) && board_discover(&tree), "boot", "there is no device tree");
  console_open();
  hart_prepare();
  for (unsigned offset = 1; offset < 8; offset++) {
    for (unsigned i = 0; i < sizeof loads / sizeof *loads; i++)
      test_load(i, DATA + offset);
    for (unsigned i = 0; i < sizeof stores / sizeof *stores; i++)
      test_store(i, DATA + offset);
  }
  test_refusals();
  test_zero();
  test_time();
  print(failures == 0 ? "emulation: all checks passed\n" : "emulation: there are failures\n");
  power_off(failures == 0 ? 0 : 1);
}
