#pragma once
// The floating-point registers, which the firmware itself does not use: those of the interrupted program.

#include <stdint.h>

// The upper half of a register that holds a single-precision number (unprivileged specification, "NaN
// Boxing").
#define FLOAT_NAN_BOX UINT64_C(0xffffffff00000000)

// Each traps unless mstatus.FS is on, as it is after a floating-point load or store.
uint64_t float_read(uint64_t number);
void float_write(uint64_t number, uint64_t bits);
