#include "swap.h"
#include "files/core/format.h"
#include "lib/ipc.h"
#include "lib/say.h"
#include "lib/service.h"
#include "lib/window.h"
#include "protocol/disk.h"
#include <errno.h>
#include <stdlib.h>

#define SECTORS_PER_PAGE (PAGE_BYTES / DISK_SECTOR_BYTES)

static handle_t disk, session;
static struct window window;
static uint64_t first_sector;           // of slot 1
static uint32_t slot_count, free_count; // slots 1 to slot_count
static uint16_t *users;                 // of each slot, by number
static swap_slot next_tried;

static int64_t connect(void) {
  struct message message = {.tag = TAG(DISK_CONNECT, 3, 1), .words = {window.pages * PAGE_BYTES, 0, 0}};
  message_buffer->send[0] = window.memory;
  int64_t result = message_request(disk, &message);
  if (result == 0)
    session = message_capability(&message, 0);
  return result;
}

// Transfers pages between the window's start and the disk. A driver that was restarted is connected to again.
static int64_t transfer(enum disk_request request, uint64_t sector, uint64_t pages) {
  for (unsigned attempt = 0;; attempt++) {
    struct message message = message_of(request, sector, pages * SECTORS_PER_PAGE, 0, 0);
    int64_t result = session == 0 ? -ESTALE : message_request(session, &message);
    if ((result != -ESTALE && result != -EPIPE) || attempt == 3)
      return result;
    kernel_delete(session);
    session = 0;
    int64_t error = connect();
    if (error < 0 && error != -EPIPE)
      return error;
  }
}

// The area that the superblock of our file system leaves to us.
static bool find_area(void) {
  if (transfer(DISK_READ, 0, 1) < 0)
    return false;
  struct message message = {.tag = TAG(DISK_INFO, 0, 0)};
  if (message_request(disk, &message) < 0)
    return false;
  struct files_layout layout;
  if (!files_layout((const struct files_superblock *)window.bytes,
                    (uint32_t)(message.words[1] / SECTORS_PER_PAGE), &layout))
    return false;
  _Static_assert(FILES_BLOCK_BYTES == PAGE_BYTES, "a slot is a block");
  first_sector = (uint64_t)layout.swap_start * SECTORS_PER_PAGE;
  slot_count = layout.swap_blocks;
  return slot_count > 0;
}

bool swap_open(void) {
  int64_t found = service_await(DISK_SERVICE);
  if (found < 0 || window_create(SWAP_MOST_PAGES, &window) < 0)
    return false;
  disk = (handle_t)found;
  if (!find_area())
    return false;
  users = calloc(slot_count + 1ul, sizeof *users);
  if (users == NULL) {
    say("no memory for %u slots of swap", slot_count);
    slot_count = 0;
    return false;
  }
  free_count = slot_count;
  next_tried = 1;
  return true;
}

uint64_t swap_slots(void) { return slot_count; }

uint64_t swap_free_slots(void) { return free_count; }

unsigned swap_reserve(unsigned most, swap_slot *first) {
  if (free_count == 0)
    return 0;
  swap_slot slot = next_tried;
  while (slot > slot_count || users[slot] != 0)
    slot = slot >= slot_count ? 1 : slot + 1;
  *first = slot;
  unsigned count = 0;
  for (; count < most && slot <= slot_count && users[slot] == 0; count++)
    users[slot++] = 1;
  next_tried = slot;
  free_count -= count;
  return count;
}

void swap_retain(swap_slot slot) { users[slot]++; }

void swap_release(swap_slot slot) {
  if (--users[slot] == 0)
    free_count++;
}

uint8_t *swap_buffer(unsigned index) { return window.bytes + index * PAGE_BYTES; }

static uint64_t sector_of(swap_slot slot) { return first_sector + (slot - 1ul) * SECTORS_PER_PAGE; }

int64_t swap_write(swap_slot first, unsigned count) { return transfer(DISK_WRITE, sector_of(first), count); }

int64_t swap_read(swap_slot slot) { return transfer(DISK_READ, sector_of(slot), 1); }
