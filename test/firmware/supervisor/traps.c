#include "payload.h"

enum cause {
  FETCH_ACCESS = 1,
  ILLEGAL_INSTRUCTION = 2,
  BREAKPOINT = 3,
  LOAD_MISALIGNED = 4,
  LOAD_ACCESS = 5,
  STORE_MISALIGNED = 6,
  STORE_ACCESS = 7,
};

// The trap that has just been taken, one more than `before` had been.
static void check_trap(unsigned before, uint64_t cause, uint64_t value, bool from_supervisor) {
  const volatile struct trap *trap = &last_trap[self()];
  check_equal(trap->count, before + 1);
  check_equal(trap->cause, cause);
  check_equal(trap->value, value);
  check_equal(trap->from_supervisor, from_supervisor);
}

static void check_protection(uint64_t address) {
  unsigned before = last_trap[self()].count;
  __asm__ volatile("ld zero, (%0)" ::"r"(address) : "memory");
  check_trap(before, LOAD_ACCESS, address, true);
  __asm__ volatile("sb zero, (%0)" ::"r"(address) : "memory");
  check_trap(before + 1, STORE_ACCESS, address, true);
  __asm__ volatile("la t0, 1f\n sd t0, %0\n jr %1\n 1:" : "=m"(fetch_return) : "r"(address) : "t0", "memory");
  check_trap(before + 2, FETCH_ACCESS, address, true);
  check_equal(last_trap[self()].pc, address);
  user_load(address);
  check_trap(before + 3, LOAD_ACCESS, address, false);
}

static void check_delegation(void) {
  unsigned before = last_trap[self()].count;
  __asm__ volatile(".half 0");
  check_equal(last_trap[self()].cause, ILLEGAL_INSTRUCTION);
  __asm__ volatile("ebreak");
  check_equal(last_trap[self()].cause, BREAKPOINT);
  // An atomic is not emulated piecemeal. (Where misaligned atomics are an access fault, that is what
  // arrives.)
  static uint64_t word;
  uint64_t address = (uint64_t)&word + 1;
  __asm__ volatile("amoadd.w zero, zero, (%0)" ::"r"(address) : "memory");
  uint64_t cause = last_trap[self()].cause;
  check(cause == STORE_MISALIGNED || cause == STORE_ACCESS || cause == LOAD_MISALIGNED);
  check_equal(last_trap[self()].value, address);
  check_equal(last_trap[self()].count, before + 3);
}

static uint8_t bytes[2 * 4096] __attribute__((aligned(4096)));

#define check_load(instruction, at, expected)                                                                \
  ({                                                                                                         \
    uint64_t loaded_;                                                                                        \
    __asm__ volatile(instruction " %0, (%1)" : "=r"(loaded_) : "r"(at) : "memory");                          \
    check_equal(loaded_, expected);                                                                          \
  })

#define check_float_load(instruction, at, expected)                                                          \
  ({                                                                                                         \
    uint64_t loaded_;                                                                                        \
    __asm__ volatile(instruction " fa5, (%1)\n fmv.x.d %0, fa5"                                              \
                     : "=r"(loaded_)                                                                         \
                     : "r"(at)                                                                               \
                     : "memory", "fa5");                                                                     \
    check_equal(loaded_, expected);                                                                          \
  })

#define store(instruction, at, value)                                                                        \
  __asm__ volatile(instruction " %1, (%0)" ::"r"(at), "r"((uint64_t)(value)) : "memory")

#define float_store(instruction, at, value)                                                                  \
  __asm__ volatile("fmv.d.x fa5, %1\n" instruction " fa5, (%0)" ::"r"(at), "r"((uint64_t)(value))            \
                   : "memory", "fa5")

// Whether the hart does these by itself or the firmware for it, no trap arrives here.
static void check_misaligned(uint8_t *at) {
  unsigned before = last_trap[self()].count;
  for (unsigned i = 0; i < 8; i++)
    at[i] = (uint8_t)(0x81 + i);
  check_load("lh", at, 0xffffffffffff8281);
  check_load("lhu", at, 0x8281);
  check_load("lw", at, 0xffffffff84838281);
  check_load("lwu", at, 0x84838281);
  check_load("ld", at, 0x8887868584838281);
  check_float_load("flw", at, 0xffffffff84838281);
  check_float_load("fld", at, 0x8887868584838281);
  store("sd", at, 0x0102030405060708);
  check_load("ld", at, 0x0102030405060708);
  store("sw", at, 0xffffffffa1a2a3a4);
  check_load("ld", at, 0x01020304a1a2a3a4);
  store("sh", at, 0xffffffffffffb1b2);
  check_load("ld", at, 0x01020304a1a2b1b2);
  float_store("fsd", at, 0x1112131415161718);
  check_load("ld", at, 0x1112131415161718);
  float_store("fsw", at, 0xffffffffc1c2c3c4);
  check_load("ld", at, 0x11121314c1c2c3c4);
  check_equal(last_trap[self()].count, before);
}

static void check_counters(void) {
  unsigned before = last_trap[self()].count;
  uint64_t time = csr_read(time);
  uint64_t cycle = csr_read(cycle);
  uint64_t instret = csr_read(instret);
  check(csr_read(time) >= time);
  check(csr_read(cycle) > cycle);
  check(csr_read(instret) > instret);
  check_equal(last_trap[self()].count, before);
}

void test_traps(void) {
  check((csr_read(sstatus) & SSTATUS_FS) != 0);
  check_protection(FIRMWARE);
  check_protection(FIRMWARE + 0x1fff8);
  check_protection(0x10);
  check_delegation();
  for (unsigned offset = 1; offset < 8; offset++) {
    check_misaligned(bytes + offset);
    check_misaligned(bytes + 4096 - offset);
  }
  check_counters();
}
