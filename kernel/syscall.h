// System calls (abi/system_call.h).
#pragma once

#include "thread.h"

// Performs the call in the thread's trapframe, and says what is to become of the thread.
enum verdict syscall(struct thread *thread);
