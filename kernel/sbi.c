#include "sbi.h"
#include "layout.h"

enum extension {
  LEGACY_SET_TIMER = 0x00,
  LEGACY_CONSOLE_WRITE = 0x01,
  LEGACY_SEND_INTERRUPT = 0x04,
  LEGACY_FENCE_INSTRUCTIONS = 0x05,
  LEGACY_FENCE_EVERYTHING = 0x06,
  LEGACY_FENCE_ASID = 0x07,
  LEGACY_POWER_OFF = 0x08,
  BASE = 0x10,
  TIMER = 0x54494d45,
  INTERRUPT = 0x735049,
  REMOTE_FENCE = 0x52464e43,
  HART_STATE = 0x48534d,
  SYSTEM_RESET = 0x53525354,
  DEBUG_CONSOLE = 0x4442434e,
};

struct result {
  int64_t error;
  uint64_t value;
};

// SBI 2.0, chapter 3: a0 and a1 come back, every other register is preserved.
static struct result call(uint64_t extension, uint64_t function, const uint64_t arguments[5]) {
  register uint64_t a0 __asm__("a0") = arguments[0];
  register uint64_t a1 __asm__("a1") = arguments[1];
  register uint64_t a2 __asm__("a2") = arguments[2];
  register uint64_t a3 __asm__("a3") = arguments[3];
  register uint64_t a4 __asm__("a4") = arguments[4];
  register uint64_t a6 __asm__("a6") = function;
  register uint64_t a7 __asm__("a7") = extension;
  __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a3), "r"(a4), "r"(a6), "r"(a7) : "memory");
  return (struct result){(int64_t)a0, a1};
}

#define CALL(extension, function, ...) call(extension, function, (const uint64_t[5]){__VA_ARGS__})

static struct {
  bool timer, interrupt, remote_fence, hart_state, system_reset, debug_console;
} has;

static bool has_extension(uint64_t extension) {
  struct result result = CALL(BASE, 3, extension);
  return result.error == 0 && result.value != 0;
}

void sbi_probe(void) {
  has.timer = has_extension(TIMER);
  has.interrupt = has_extension(INTERRUPT);
  has.remote_fence = has_extension(REMOTE_FENCE);
  has.hart_state = has_extension(HART_STATE);
  has.system_reset = has_extension(SYSTEM_RESET);
  has.debug_console = has_extension(DEBUG_CONSOLE);
}

void sbi_set_timer(uint64_t deadline) {
  if (has.timer)
    CALL(TIMER, 0, deadline);
  else
    CALL(LEGACY_SET_TIMER, 0, deadline);
}

void sbi_send_interrupt(uint64_t hart_id) {
  if (has.interrupt) {
    CALL(INTERRUPT, 0, 1, hart_id);
  } else {
    uint64_t mask = 1ul << hart_id; // legacy calls take the mask by (virtual) address
    CALL(LEGACY_SEND_INTERRUPT, 0, (uint64_t)&mask);
  }
}

// A call of the remote fence extension (SBI 2.0, chapter 8), or its legacy equivalent.
static bool fence(struct sbi_harts harts, uint64_t function, uint64_t legacy, uint64_t start, uint64_t bytes,
                  uint64_t asid) {
  if (has.remote_fence)
    return CALL(REMOTE_FENCE, function, harts.mask, harts.base, start, bytes, asid).error == 0;
  uint64_t mask = harts.mask << harts.base; // firmware as old as that numbers its harts from 0
  return CALL(legacy, 0, (uint64_t)&mask, start, bytes, asid).error == 0;
}

bool sbi_fence_instructions(struct sbi_harts harts) {
  return fence(harts, 0, LEGACY_FENCE_INSTRUCTIONS, 0, 0, 0);
}

bool sbi_fence_asid(struct sbi_harts harts, user_address start, uint64_t bytes, uint64_t asid) {
  return fence(harts, 2, LEGACY_FENCE_ASID, start, bytes, asid);
}

bool sbi_fence_everything(struct sbi_harts harts) {
  return fence(harts, 1, LEGACY_FENCE_EVERYTHING, 0, UINT64_MAX, 0);
}

bool sbi_start_hart(uint64_t hart_id, physical_address start, uint64_t opaque) {
  return has.hart_state && CALL(HART_STATE, 0, hart_id, start, opaque).error == 0;
}

void sbi_power_off(void) {
  if (has.system_reset)
    CALL(SYSTEM_RESET, 0, 0, 0);
  CALL(LEGACY_POWER_OFF, 0, 0);
}

void sbi_reboot(void) {
  if (has.system_reset)
    CALL(SYSTEM_RESET, 0, 1, 0);
}

void sbi_console_write(char byte) {
  if (has.debug_console)
    CALL(DEBUG_CONSOLE, 2, (uint8_t)byte);
  else
    CALL(LEGACY_CONSOLE_WRITE, 0, (uint8_t)byte);
}
