#include "power.h"
#include "board.h"
#include "hart.h"
#include "mmio.h"

#define FINISHER_FAIL  0x3333
#define FINISHER_PASS  0x5555
#define FINISHER_RESET 0x7777

bool power_is_controllable(void) { return board.finisher != 0; }

static _Noreturn void finish(uint32_t command) {
  if (power_is_controllable())
    mmio_write32(board.finisher, command);
  halt();
}

_Noreturn void power_off(uint16_t status) {
  finish(status == 0 ? FINISHER_PASS : (uint32_t)status << 16 | FINISHER_FAIL);
}

_Noreturn void power_reset(void) { finish(FINISHER_RESET); }
