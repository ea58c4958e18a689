#include "machine.h"
#include "handles.h"
#include "lib/clock.h"
#include "lib/kernel.h"
#include "lib/say.h"
#include "lib/space.h"
#include "lib/tree.h"
#include <stdlib.h>
#include <string.h>

#define NANOSECONDS 1000000000ul

static struct tree tree;
static char *options; // words, each ended by a null byte; then an empty one

static void read_options(void) {
  tree_node chosen = tree_child_of_root(&tree, "chosen");
  uint32_t bytes = 0;
  const char *line = chosen == TREE_NONE ? NULL : tree_property(&tree, chosen, "bootargs", &bytes);
  options = calloc(1, bytes + 2ul);
  if (options == NULL || line == NULL)
    return;
  char *to = options;
  for (const char *from = line; from < line + bytes && *from != 0; from++) {
    if (*from != ' ')
      *to++ = *from;
    else if (to != options && to[-1] != 0)
      *to++ = 0;
  }
}

void machine_open(void) {
  uint8_t *blob = malloc(TREE_BYTES);
  if (blob == NULL)
    die("no memory for the device tree");
  size_t length = tree_read(blob);
  uint8_t *kept = malloc(length == 0 ? 1 : length);
  if (kept == NULL || length == 0)
    die("no device tree");
  memcpy(kept, blob, length);
  free(blob);
  if (!tree_open(kept, length, &tree))
    die("the device tree cannot be read");
  read_options();
}

const char *machine_option(const char *name, const char *otherwise) {
  size_t length = strlen(name);
  for (const char *word = options; word != NULL && *word != 0; word += strlen(word) + 1) {
    if (strncmp(word, name, length) == 0 && word[length] == '=')
      return word + length + 1;
  }
  return otherwise;
}

// Opens what a node describes. No registers in the result: it cannot be opened.
static struct device open_device(tree_node node) {
  uint64_t address, bytes;
  uint32_t source = tree_cell(&tree, node, "interrupts", 0, 0);
  if (!tree_registers(&tree, node, &address, &bytes) || source == 0)
    return (struct device){0};
  int64_t registers = kernel_open_device(HANDLE_MACHINE, address, bytes);
  if (registers < 0) {
    say("cannot open the device at %lx: error %ld", (long)address, (long)registers);
    return (struct device){0};
  }
  int64_t interrupt = kernel_open_interrupt(HANDLE_MACHINE, source);
  if (interrupt < 0) {
    say("cannot open interrupt %u: error %ld", source, (long)interrupt);
    kernel_delete((handle_t)registers);
    return (struct device){0};
  }
  return (struct device){(handle_t)registers, (handle_t)interrupt, tree_cell(&tree, node, "reg-shift", 0, 0)};
}

struct device machine_uart(void) {
  tree_node node = tree_compatible(&tree, TREE_NONE, "ns16550a");
  if (node == TREE_NONE)
    node = tree_compatible(&tree, TREE_NONE, "ns16550");
  return node == TREE_NONE ? (struct device){0} : open_device(node);
}

// Virtio 1.2, 4.2.2 and 5: what device is behind the registers.
#define VIRTIO_DEVICE_ID 2 // 32-bit register
#define VIRTIO_BLOCK     2

// Reads 32-bit registers of a device that no driver has yet, in this order. False: it cannot be opened.
static bool read_registers(tree_node node, const uint32_t *numbers, uint32_t *values, uint32_t count) {
  uint64_t address, bytes;
  if (!tree_registers(&tree, node, &address, &bytes))
    return false;
  int64_t memory = kernel_open_device(HANDLE_MACHINE, address, bytes);
  if (memory < 0)
    return false;
  int64_t mapped = space_map((handle_t)memory, 0, 1, MAP_READ);
  if (mapped >= 0) {
    for (uint32_t i = 0; i < count; i++)
      values[i] = ((const volatile uint32_t *)mapped)[numbers[i]];
    space_unmap((void *)mapped, 1);
  }
  kernel_delete((handle_t)memory);
  return mapped >= 0;
}

static bool is_disk(tree_node node) {
  uint32_t id;
  return read_registers(node, (const uint32_t[]){VIRTIO_DEVICE_ID}, &id, 1) && id == VIRTIO_BLOCK;
}

struct device machine_disk(void) {
  for (tree_node node = tree_compatible(&tree, TREE_NONE, "virtio,mmio"); node != TREE_NONE;
       node = tree_compatible(&tree, node, "virtio,mmio")) {
    if (is_disk(node))
      return open_device(node);
  }
  return (struct device){0};
}

uint64_t machine_realtime(void) {
  // Goldfish's clock counts nanoseconds. Reading the lower half, register 0, holds the upper one still.
  uint32_t halves[2];
  tree_node node = tree_compatible(&tree, TREE_NONE, "google,goldfish-rtc");
  if (node == TREE_NONE || !read_registers(node, (const uint32_t[]){0, 1}, halves, 2))
    return 0;
  uint64_t ticks = clock_now(), frequency = clock_frequency();
  uint64_t since_start = ticks / frequency * NANOSECONDS + ticks % frequency * NANOSECONDS / frequency;
  return ((uint64_t)halves[1] << 32 | halves[0]) - since_start;
}

struct initrd machine_initrd(void) {
  struct system_info system;
  if (kernel_inspect(HANDLE_MACHINE, INSPECT_SYSTEM, 0, &system, sizeof system) < 0)
    die("the system cannot be inspected");
  struct initrd initrd = {
      .memory = HANDLE_INITRD,
      .offset = system.initrd_address % PAGE_BYTES,
      .length = system.initrd_bytes,
  };
  uint64_t pages = (initrd.offset + initrd.length + PAGE_BYTES - 1) / PAGE_BYTES;
  int64_t address = space_map(HANDLE_INITRD, 0, pages, MAP_READ);
  if (address < 0)
    die("the initial RAM disk cannot be mapped: error %ld (%lx, %lu)", (long)address, system.initrd_address,
        system.initrd_bytes);
  initrd.bytes = (const uint8_t *)address + initrd.offset;
  return initrd;
}
