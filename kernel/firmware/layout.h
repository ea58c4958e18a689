#pragma once
// Sizes that C and assembly share. Addresses are the linker script's.

#define MAX_HARTS   8
#define STACK_SHIFT 13

// A frame holds x0..x31 of the interrupted program.
#define FRAME_X(n) (8 * (n))
#define FRAME_SIZE FRAME_X(32)
