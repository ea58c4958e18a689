// A virtio device behind MMIO registers, current or legacy, with one virtqueue. Virtio 1.2: 2 (basics), 2.7
// (split virtqueues), 4.2 (MMIO).
#pragma once

#include "lib/handles.h"
#include <stdbool.h>

// Descriptors of the queue: as many as fit into one page with both rings, since a legacy device wants the
// three of them contiguous.
#define QUEUE_SIZE 128u

// A part of a request, in physical memory.
struct virtio_buffer {
  uint64_t address;
  uint32_t bytes;
  bool device_writes;
};

// Maps the registers, resets the device, negotiates `wanted` features as far as it offers them, and sets up
// the queue in page 0 of the wired `memory`. Returns 0, or -ENODEV if it is not a device of that kind that
// works.
int64_t virtio_open(handle_t registers, handle_t memory, uint32_t device_id, uint64_t wanted);

bool virtio_has(unsigned feature);

// 64 bits of the device's configuration, at an offset.
uint64_t virtio_configuration(unsigned offset);

// Queues a request of `count` buffers; those the device writes come last. `cookie` comes back when it is
// done. False if there are not enough free descriptors. The device is told by virtio_notify.
bool virtio_add(const struct virtio_buffer *buffers, unsigned count, uint16_t cookie);
void virtio_notify(void);

// The cookie of a request that is done. False if there is none.
bool virtio_take(uint16_t *cookie);

// Quietens the device's interrupt; to be done before virtio_take.
void virtio_acknowledge(void);
