// What requests do, one function each.
#pragma once

#include "files.h"

// Runs one step of a request's operation inside the transaction: 0 or more is its result, and else an error,
// WAIT or AGAIN.
int64_t operation_step(struct files *files, struct files_call *request);
