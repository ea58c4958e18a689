// The virtio block device: requests to it, several at a time. Virtio 1.2, 5.2.
#pragma once

#include "lib/handles.h"
#include <stdbool.h>

enum block_kind { BLOCK_READ, BLOCK_WRITE, BLOCK_FLUSH };

struct block_request {
  struct block_request *next; // the module's own
  enum block_kind kind;
  uint64_t sector;
  uint32_t sectors;
  const uint64_t *pages; // physical addresses of the memory that the data lies in
  uint32_t offset;       // of the data in that memory
  // Called when it is done, with 0 or -EIO; may reuse or free the request.
  void (*done)(struct block_request *request, int64_t result);
};

// Starts the device; `memory` is two wired pages. Returns 0 or -ENODEV.
int64_t block_open(handle_t registers, handle_t memory);

uint64_t block_sectors(void);
bool block_is_read_only(void);

// Queues the request, whose sectors are there and whose data is in its memory.
void block_submit(struct block_request *request);

// After the device's interrupt: finishes what is done, starts what waits.
void block_interrupt(void);
