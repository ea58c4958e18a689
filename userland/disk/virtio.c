#include "virtio.h"
#include "lib/kernel.h"
#include "lib/space.h"
#include <errno.h>
#include <string.h>

// Registers (4.2.2, 4.2.4), as indices of 32-bit words.
enum reg {
  MAGIC = 0x000 / 4,
  VERSION = 0x004 / 4, // 1: legacy
  DEVICE_ID = 0x008 / 4,
  DEVICE_FEATURES = 0x010 / 4,
  DEVICE_FEATURES_SELECT = 0x014 / 4,
  DRIVER_FEATURES = 0x020 / 4,
  DRIVER_FEATURES_SELECT = 0x024 / 4,
  LEGACY_PAGE_SIZE = 0x028 / 4,
  QUEUE_SELECT = 0x030 / 4,
  QUEUE_SIZE_MAX = 0x034 / 4,
  QUEUE_SIZE_CHOSEN = 0x038 / 4,
  LEGACY_QUEUE_ALIGN = 0x03c / 4,
  LEGACY_QUEUE_PAGE = 0x040 / 4,
  QUEUE_READY = 0x044 / 4,
  QUEUE_NOTIFY = 0x050 / 4,
  INTERRUPT_STATUS = 0x060 / 4,
  INTERRUPT_ACKNOWLEDGE = 0x064 / 4,
  STATUS = 0x070 / 4,
  QUEUE_DESCRIPTORS = 0x080 / 4,
  QUEUE_DRIVER = 0x090 / 4,
  QUEUE_DEVICE = 0x0a0 / 4,
  CONFIGURATION = 0x100 / 4,
};

#define MAGIC_VALUE 0x74726976u // "virt"

// Device status (2.1).
#define STATUS_ACKNOWLEDGE 1u
#define STATUS_DRIVER      2u
#define STATUS_DRIVER_OK   4u
#define STATUS_FEATURES_OK 8u

#define FEATURE_VERSION_1 32

#define DESCRIPTOR_NEXT  1u
#define DESCRIPTOR_WRITE 2u // by the device

struct descriptor {
  uint64_t address;
  uint32_t bytes;
  uint16_t flags, next;
};

struct available_ring {
  uint16_t flags, index;
  uint16_t ring[QUEUE_SIZE];
  uint16_t used_event;
};

struct used_ring {
  uint16_t flags, index;
  struct {
    uint32_t id, bytes;
  } ring[QUEUE_SIZE];
  uint16_t available_event;
};

// A legacy device finds the used ring at the next multiple of what it is told is the alignment (2.7.2).
#define LEGACY_ALIGNMENT 512u

struct queue {
  struct descriptor descriptors[QUEUE_SIZE];
  struct available_ring available;
  _Alignas(LEGACY_ALIGNMENT) struct used_ring used;
};

_Static_assert(sizeof(struct queue) <= PAGE_BYTES, "the queue is one page");

static volatile uint32_t *registers;
static volatile struct queue *queue;
static uint64_t features;
static bool is_legacy;
static uint16_t used_taken;             // entries of the used ring
static uint16_t first_free, free_count; // a list of descriptors, by `next`
static uint16_t cookies[QUEUE_SIZE];    // by the first descriptor of a request
static uint16_t next_of[QUEUE_SIZE];    // our own copy: what the device may write is not to be relied on
static uint16_t lengths[QUEUE_SIZE];    // descriptors of the request; 0: none begins here

// Orders memory accesses and register accesses against each other.
static void fence(void) { __asm__ volatile("fence iorw, iorw" ::: "memory"); }

static void select_features(uint64_t wanted) {
  for (unsigned half = 0; half < 2; half++) {
    registers[DEVICE_FEATURES_SELECT] = half;
    features |= (uint64_t)registers[DEVICE_FEATURES] << 32 * half;
  }
  features &= wanted | (is_legacy ? 0 : 1ul << FEATURE_VERSION_1);
  for (unsigned half = 0; half < 2; half++) {
    registers[DRIVER_FEATURES_SELECT] = half;
    registers[DRIVER_FEATURES] = (uint32_t)(features >> 32 * half);
  }
}

static void write_address(enum reg low, uint64_t address) {
  registers[low] = (uint32_t)address;
  registers[low + 1] = (uint32_t)(address >> 32);
}

static bool set_up_queue(uint64_t physical) {
  registers[QUEUE_SELECT] = 0;
  if (registers[QUEUE_SIZE_MAX] < QUEUE_SIZE)
    return false;
  registers[QUEUE_SIZE_CHOSEN] = QUEUE_SIZE;
  if (is_legacy) {
    registers[LEGACY_PAGE_SIZE] = PAGE_BYTES;
    registers[LEGACY_QUEUE_ALIGN] = LEGACY_ALIGNMENT;
    registers[LEGACY_QUEUE_PAGE] = (uint32_t)(physical / PAGE_BYTES);
  } else {
    write_address(QUEUE_DESCRIPTORS, physical);
    write_address(QUEUE_DRIVER, physical + offsetof(struct queue, available));
    write_address(QUEUE_DEVICE, physical + offsetof(struct queue, used));
    registers[QUEUE_READY] = 1;
  }
  for (uint16_t i = 0; i < QUEUE_SIZE; i++)
    next_of[i] = (uint16_t)(i + 1);
  first_free = 0;
  free_count = QUEUE_SIZE;
  return true;
}

// The steps of 3.1.1.
static int64_t initialize(uint32_t device_id, uint64_t wanted, uint64_t physical) {
  is_legacy = registers[VERSION] == 1;
  if (registers[MAGIC] != MAGIC_VALUE || registers[DEVICE_ID] != device_id)
    return -ENODEV;
  registers[STATUS] = 0;
  while (registers[STATUS] != 0) { // the device may still be writing for a driver that died
  }
  fence();
  memset((void *)queue, 0, sizeof *queue);
  registers[STATUS] = STATUS_ACKNOWLEDGE;
  registers[STATUS] = STATUS_ACKNOWLEDGE | STATUS_DRIVER;
  select_features(wanted);
  uint32_t status = STATUS_ACKNOWLEDGE | STATUS_DRIVER;
  if (!is_legacy) {
    status |= STATUS_FEATURES_OK;
    registers[STATUS] = status;
    if ((registers[STATUS] & STATUS_FEATURES_OK) == 0)
      return -ENODEV;
  }
  if (!set_up_queue(physical))
    return -ENODEV;
  fence();
  registers[STATUS] = status | STATUS_DRIVER_OK;
  return 0;
}

int64_t virtio_open(handle_t registers_memory, handle_t memory, uint32_t device_id, uint64_t wanted) {
  int64_t mapped = space_map(registers_memory, 0, 1, MAP_READ | MAP_WRITE);
  int64_t page = space_map(memory, 0, 1, MAP_READ | MAP_WRITE);
  int64_t physical = kernel_physical_address(memory, 0);
  if (mapped < 0 || page < 0 || physical < 0)
    return -ENODEV;
  registers = (volatile uint32_t *)mapped;
  queue = (volatile struct queue *)page;
  return initialize(device_id, wanted, (uint64_t)physical);
}

bool virtio_has(unsigned feature) { return (features >> feature & 1) != 0; }

uint64_t virtio_configuration(unsigned offset) {
  unsigned at = CONFIGURATION + offset / 4;
  return (uint64_t)registers[at + 1] << 32 | registers[at];
}

bool virtio_add(const struct virtio_buffer *buffers, unsigned count, uint16_t cookie) {
  if (count == 0 || count > free_count)
    return false;
  uint16_t head = first_free, at = head;
  for (unsigned i = 0; i < count; i++) {
    volatile struct descriptor *descriptor = &queue->descriptors[at];
    bool is_last = i + 1 == count;
    descriptor->address = buffers[i].address;
    descriptor->bytes = buffers[i].bytes;
    descriptor->flags =
        (uint16_t)((buffers[i].device_writes ? DESCRIPTOR_WRITE : 0) | (is_last ? 0 : DESCRIPTOR_NEXT));
    descriptor->next = next_of[at];
    at = next_of[at];
  }
  first_free = at;
  free_count = (uint16_t)(free_count - count);
  cookies[head] = cookie;
  lengths[head] = (uint16_t)count;
  uint16_t index = queue->available.index;
  queue->available.ring[index % QUEUE_SIZE] = head;
  fence(); // the entry before the index that covers it (2.7.13.2)
  queue->available.index = (uint16_t)(index + 1);
  return true;
}

void virtio_notify(void) {
  fence();
  registers[QUEUE_NOTIFY] = 0;
}

bool virtio_take(uint16_t *cookie) {
  for (; used_taken != queue->used.index; used_taken++) {
    fence(); // the index before the entry it covers
    uint32_t head = queue->used.ring[used_taken % QUEUE_SIZE].id;
    if (head >= QUEUE_SIZE || lengths[head] == 0)
      continue; // a device that invents requests
    uint16_t last = (uint16_t)head;
    for (unsigned i = 1; i < lengths[head]; i++)
      last = next_of[last];
    next_of[last] = first_free;
    first_free = (uint16_t)head;
    free_count = (uint16_t)(free_count + lengths[head]);
    lengths[head] = 0;
    used_taken++;
    *cookie = cookies[head];
    return true;
  }
  return false;
}

void virtio_acknowledge(void) {
  registers[INTERRUPT_ACKNOWLEDGE] = registers[INTERRUPT_STATUS];
  fence();
}
