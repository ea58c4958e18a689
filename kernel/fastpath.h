// The fast path: a call or an answer with a short message, whose other side waits for it and runs at once.
#pragma once

#include "trapframe.h"
#include "types.h"

// For trap.S: CALL_CALL and CALL_REPLY_WAIT. Return the trapframe to leave by. What is not simple enough, they
// leave to `trap`.
struct trapframe *fastpath_call(struct trapframe *frame);
struct trapframe *fastpath_reply_wait(struct trapframe *frame);

// How many messages went this way.
uint64_t fastpath_count(void);
