#include "block.h"
#include "lib/kernel.h"
#include "lib/space.h"
#include "protocol/disk.h"
#include "virtio.h"
#include <errno.h>

#define DEVICE_ID 2

#define FEATURE_READ_ONLY 5
#define FEATURE_FLUSH     9

enum request_type { TYPE_IN = 0, TYPE_OUT = 1, TYPE_FLUSH = 4 };

#define STATUS_OK 0

// What the device reads and writes beside the data; in page 1 of the memory.
struct block_header {
  uint32_t type, reserved;
  uint64_t sector;
  uint8_t status; // the device's answer
  uint8_t unused[15];
};

#define HEADER_BYTES 16u

#define MOST_UNDER_WAY 64u

_Static_assert(MOST_UNDER_WAY * sizeof(struct block_header) <= PAGE_BYTES, "one page of headers");

// A request's data touches one page more than it fills, and has a header before and a status behind it.
#define MOST_BUFFERS (DISK_MOST_SECTORS * DISK_SECTOR_BYTES / PAGE_BYTES + 3)

static volatile struct block_header *headers;
static uint64_t headers_address;                        // physical
static struct block_request *under_way[MOST_UNDER_WAY]; // by header; NULL: free
static unsigned under_way_count;
static struct block_request *waiting, **waiting_end = &waiting; // in the order they came
static bool flushing;                                           // a flush is under way: what came later waits

int64_t block_open(handle_t registers, handle_t memory) {
  int64_t page = space_map(memory, 1, 1, MAP_READ | MAP_WRITE);
  int64_t physical = kernel_physical_address(memory, 1);
  if (page < 0 || physical < 0)
    return -ENODEV;
  headers = (volatile struct block_header *)page;
  headers_address = (uint64_t)physical;
  return virtio_open(registers, memory, DEVICE_ID, 1ul << FEATURE_READ_ONLY | 1ul << FEATURE_FLUSH);
}

uint64_t block_sectors(void) { return virtio_configuration(0); }

bool block_is_read_only(void) { return virtio_has(FEATURE_READ_ONLY); }

// Adds the data's pages, neighbours in physical memory as one buffer. Returns how many buffers there are
// then.
static unsigned add_data(const struct block_request *request, struct virtio_buffer *buffers, unsigned count) {
  uint64_t offset = request->offset, end = offset + (uint64_t)request->sectors * DISK_SECTOR_BYTES;
  while (offset < end) {
    uint64_t page_end = (offset / PAGE_BYTES + 1) * PAGE_BYTES;
    uint32_t bytes = (uint32_t)((page_end < end ? page_end : end) - offset);
    uint64_t address = request->pages[offset / PAGE_BYTES] + offset % PAGE_BYTES;
    struct virtio_buffer *last = &buffers[count - 1];
    if (count > 1 && last->address + last->bytes == address)
      last->bytes += bytes;
    else
      buffers[count++] = (struct virtio_buffer){address, bytes, request->kind == BLOCK_READ};
    offset += bytes;
  }
  return count;
}

// Hands a request to the device. False if there is no room for it now.
static bool start(struct block_request *request) {
  uint16_t slot = 0;
  while (slot < MOST_UNDER_WAY && under_way[slot] != NULL)
    slot++;
  if (slot == MOST_UNDER_WAY)
    return false;
  static const enum request_type types[] = {
      [BLOCK_READ] = TYPE_IN, [BLOCK_WRITE] = TYPE_OUT, [BLOCK_FLUSH] = TYPE_FLUSH};
  headers[slot].type = types[request->kind];
  headers[slot].reserved = 0;
  headers[slot].sector = request->kind == BLOCK_FLUSH ? 0 : request->sector;
  headers[slot].status = 0xff;
  uint64_t address = headers_address + slot * sizeof(struct block_header);
  struct virtio_buffer buffers[MOST_BUFFERS] = {{address, HEADER_BYTES, false}};
  unsigned count = request->kind == BLOCK_FLUSH ? 1 : add_data(request, buffers, 1);
  buffers[count++] = (struct virtio_buffer){address + offsetof(struct block_header, status), 1, true};
  if (!virtio_add(buffers, count, slot))
    return false;
  under_way[slot] = request;
  under_way_count++;
  return true;
}

// A flush covers only writes that were done before it began (5.2.6.2), so it waits for them; and it is a
// barrier.
static bool may_start(const struct block_request *request) {
  return !flushing && (request->kind != BLOCK_FLUSH || under_way_count == 0);
}

static struct block_request *take_waiting(void) {
  struct block_request *request = waiting;
  waiting = request->next;
  if (waiting == NULL)
    waiting_end = &waiting;
  return request;
}

static void start_waiting(void) {
  bool started = false;
  while (waiting != NULL && may_start(waiting)) {
    if (waiting->kind == BLOCK_FLUSH && !virtio_has(FEATURE_FLUSH)) {
      struct block_request *request = take_waiting();
      request->done(request, 0); // what is written is on the medium
      continue;
    }
    if (!start(waiting))
      break;
    flushing = take_waiting()->kind == BLOCK_FLUSH;
    started = true;
  }
  if (started)
    virtio_notify();
}

void block_submit(struct block_request *request) {
  request->next = NULL;
  *waiting_end = request;
  waiting_end = &request->next;
  start_waiting();
}

void block_interrupt(void) {
  virtio_acknowledge();
  uint16_t slot;
  while (virtio_take(&slot)) {
    struct block_request *request = under_way[slot];
    int64_t result = headers[slot].status == STATUS_OK ? 0 : -EIO;
    under_way[slot] = NULL;
    under_way_count--;
    if (request->kind == BLOCK_FLUSH)
      flushing = false;
    request->done(request, result);
  }
  start_waiting();
}
