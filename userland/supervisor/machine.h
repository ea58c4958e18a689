// What the machine has, by its device tree.
#pragma once

#include "lib/handles.h"

struct device {
  handle_t registers; // 0: there is none
  handle_t interrupt;
  uint32_t shift; // of a UART: registers are 2^shift bytes apart
};

// The initial RAM disk, mapped for reading.
struct initrd {
  handle_t memory;
  const uint8_t *bytes;
  uint64_t offset, length; // in the memory object
};

// Reads the tree. Later calls need it.
void machine_open(void);

struct device machine_uart(void);

// The first virtio device that is a disk.
struct device machine_disk(void);

// When the `time` CSR was 0, in nanoseconds since 1970; 0 on a machine without a clock that we know.
uint64_t machine_realtime(void);

struct initrd machine_initrd(void);

// The value of NAME=VALUE among the words of the kernel's command line, or `otherwise`.
const char *machine_option(const char *name, const char *otherwise);
