// Traps from user mode, as trap.S hands them over.
#pragma once

#include "trapframe.h"

// Handles the trap whose state is in `trapframe` and returns the trapframe to leave the kernel by. For
// trap.S.
struct trapframe *trap(struct trapframe *trapframe);

// A trap from kernel mode, which should not be. For trap.S.
_Noreturn void trap_panic(const struct trapframe *trapframe);

// The trapframe of the first thread for this hart. The hart then holds no lock and is ready for
// `resume_user`.
struct trapframe *trap_first(void);
