// What the core's own files share: one instance, and who owns which part of it.
#pragma once

#include "bytes.h"
#include "cache.h"
#include "files.h"
#include "journal.h"
#include "transaction.h"

// Besides errors, an operation's functions answer these.
enum {
  WAIT = -1000,  // something is missing, and `transaction.wait` says what: to be run again from its beginning
  AGAIN = -1001, // a step is finished that stands for itself; to be run again for the next
};

struct files {
  struct files_layout layout;
  uint32_t disk_blocks;
  bool mounted;
  int failure;                    // once set, every change is refused with it: the disk did not take a write
  uint64_t progress;              // counts whatever may let a waiting request run
  const struct files_call *alone; // was restarted so often that nobody else may run
  struct cache cache;
  struct transaction transaction;
  struct journal journal;
  struct files_transfer *first_transfer;
  struct files_transfer *last_transfer;
};

// Queues a transfer for the host.
void transfer_begin(struct files *files, struct files_transfer *transfer);
