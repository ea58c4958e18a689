#include "page.h"
#include "lib/kernel.h"
#include "lib/say.h"
#include "lib/space.h"
#include <string.h>

// Memory that is held back, and let go when none is left: evicting needs some itself.
#define RESERVE_PAGES 64

#define SCANNED_AT_ONCE 64

// A page of ordinary memory: pages reach objects from here, and leave them to here.
static handle_t staging_memory;
static uint8_t *staging;

static handle_t reserve; // 0: let go

// Where the clock's hand stands.
static uint64_t hand_object = 1, hand_page;

static void take_reserve(void) {
  if (reserve != 0)
    return;
  int64_t memory = kernel_create_memory(RESERVE_PAGES, MEMORY_WIRED, 0, 0);
  reserve = memory < 0 ? 0 : (handle_t)memory;
}

static void let_reserve_go(void) {
  if (reserve != 0)
    kernel_delete(reserve);
  reserve = 0;
}

// Frees the page there; the next one is zero.
static void clear_staging(void) {
  kernel_resize_memory(staging_memory, 0);
  kernel_resize_memory(staging_memory, 1);
}

bool page_open(void) {
  int64_t memory = kernel_create_memory(1, 0, 0, 0);
  int64_t address = memory < 0 ? memory : space_map((handle_t)memory, 0, 1, MAP_READ | MAP_WRITE);
  if (address < 0)
    return false;
  staging_memory = (handle_t)memory;
  staging = (uint8_t *)address;
  *staging = 0; // so that there is a page table for it
  clear_staging();
  take_reserve();
  return reserve != 0;
}

// Pages that were evicted together, on their way to slots in a row.
struct batch {
  swap_slot first;
  unsigned room, count;
  struct {
    struct object *object;
    uint64_t page;
  } pages[SWAP_MOST_PAGES];
};

// Takes a page out of its object. False if that is not possible.
static bool evict(struct batch *batch, struct object *object, uint64_t page) {
  swap_slot slot = batch->first + batch->count;
  if (!object_prepare_slot(object, page) || kernel_evict_page(object->memory, page, staging, slot) < 0)
    return false;
  memcpy(swap_buffer(batch->count), staging, PAGE_BYTES);
  object_set_slot(object, page, slot);
  batch->pages[batch->count].object = object;
  batch->pages[batch->count].page = page;
  batch->count++;
  return true;
}

// Moves the hand over some pages, and evicts those that were not used since it came by last. Returns false
// when it has passed the last object.
static bool advance(struct batch *batch) {
  struct object *object = object_at(hand_object);
  struct page_info info[SCANNED_AT_ONCE];
  int64_t found = object == NULL ? 0 : kernel_scan_memory(object->memory, hand_page, info, SCANNED_AT_ONCE);
  for (int64_t i = 0; i < found && batch->count < batch->room; i++) {
    hand_page = info[i].page + 1;
    if (!info[i].accessed)
      evict(batch, object, info[i].page);
  }
  if (found > 0)
    return true;
  hand_page = 0;
  if (++hand_object < object_limit())
    return true;
  hand_object = 1;
  return false;
}

// The disk did not take them: they go back where they were.
static void put_back(const struct batch *batch) {
  for (unsigned i = 0; i < batch->count; i++) {
    struct object *object = batch->pages[i].object;
    memcpy(staging, swap_buffer(i), PAGE_BYTES);
    if (kernel_supply_page(object->memory, batch->pages[i].page, staging) == 0) {
      object_set_slot(object, batch->pages[i].page, SLOT_NONE);
      swap_release(batch->first + i);
    }
  }
}

static bool write_batch(const struct batch *batch) {
  int64_t error = batch->count == 0 ? 0 : swap_write(batch->first, batch->count);
  if (error < 0) {
    say("pages cannot be written to the swap area: error %ld", (long)error);
    put_back(batch);
  }
  return error == 0;
}

static unsigned evict_batch(void) {
  struct batch batch = {0};
  batch.room = swap_reserve(SWAP_MOST_PAGES, &batch.first);
  if (batch.room == 0)
    return 0;
  // What is left of this round, a round that takes every page's mark away, and one at which those go that
  // nobody used since.
  for (unsigned rounds = 0; rounds < 3 && batch.count < batch.room;) {
    if (!advance(&batch))
      rounds++;
  }
  for (unsigned i = batch.count; i < batch.room; i++)
    swap_release(batch.first + i);
  clear_staging();
  return write_batch(&batch) ? batch.count : 0;
}

unsigned page_evict_some(void) {
  let_reserve_go();
  unsigned evicted = 0, count;
  // Where the heap has grown of the reserve, what one batch frees is not enough to have it again.
  do {
    count = evict_batch();
    evicted += count;
    take_reserve();
  } while (reserve == 0 && count > 0);
  return evicted;
}

// Supplies what is in the staging page, or zeros if nothing is.
static int64_t supply_staged(struct object *object, uint64_t page) {
  int64_t error = kernel_supply_page(object->memory, page, staging);
  return error == -EBUSY ? 0 : error; // somebody else's request came first
}

static int64_t try_supply(struct object *object, uint64_t page, swap_slot slot) {
  if (slot == SLOT_NONE)
    return supply_staged(object, page);
  int64_t error = swap_read(slot);
  if (error < 0)
    return error;
  // Not by touching the page: if there is no memory for it, that would be the end of us.
  if (kernel_copy(0, (uint64_t)swap_buffer(0), 0, (uint64_t)staging, PAGE_BYTES) != (int64_t)PAGE_BYTES)
    return -ENOMEM;
  error = supply_staged(object, page);
  if (error < 0) {
    clear_staging();
    return error;
  }
  object_set_slot(object, page, SLOT_NONE);
  swap_release(slot);
  return 0;
}

int64_t page_supply(struct object *object, uint64_t page) {
  for (;;) {
    // By our own book, not the request's token: the page may have come and gone since it was sent.
    int64_t error = try_supply(object, page, object_slot(object, page));
    if (error != -ENOMEM || page_evict_some() == 0)
      return error;
  }
}
