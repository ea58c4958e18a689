// Announcing calls that may block, as the kernel announces them itself in scheduler activations.
#pragma once

// The caller is about to wait in the kernel, and its kernel thread with it: another carries the others
// meanwhile.
void blocking_begin(void);

// The call is over. If as many threads run as may, the caller waits for its turn.
void blocking_end(void);
