#include "pmem.h"
#include "layout.h"
#include "string.h"

#define MAX_RANGES 32

extern char kernel_end[];

struct free_page {
  struct free_page *next;
};

static struct fdt_range ram[MAX_RANGES];
static unsigned ram_count;

// Memory nobody has used yet. It is taken from the front, and not put on a list beforehand: a boot need not
// touch all of RAM, and a host that emulates RAM need not provide what is never touched.
static struct fdt_range unused[MAX_RANGES];
static unsigned unused_count;

static struct free_page *returned;
static uint64_t free_pages;

static void add_ram(struct fdt_range range) {
  if (ram_count == MAX_RANGES)
    return; // memory we have no room to note is memory we do not use
  ram[ram_count++] = range;
  uint64_t start = page_up(range.address);
  uint64_t end = page_down(range.address + range.bytes);
  if (start < end)
    unused[unused_count++] = (struct fdt_range){start, end - start};
}

// Takes `taken` out of the unused memory.
static void set_aside(struct fdt_range taken) {
  uint64_t taken_start = page_down(taken.address);
  uint64_t taken_end = page_up(taken.address + taken.bytes);
  for (unsigned i = 0; i < unused_count; i++) {
    struct fdt_range *range = &unused[i];
    uint64_t start = range->address, end = range->address + range->bytes;
    if (taken_end <= start || end <= taken_start)
      continue;
    uint64_t before = taken_start > start ? taken_start - start : 0;
    uint64_t behind = end > taken_end ? end - taken_end : 0;
    if (before > 0 && behind > 0) {
      range->bytes = before;
      if (unused_count < MAX_RANGES)
        unused[unused_count++] = (struct fdt_range){taken_end, behind};
    } else {
      *range = before > 0 ? (struct fdt_range){start, before} : (struct fdt_range){taken_end, behind};
    }
  }
}

static void find_ram(void) {
  for (fdt_node node = 0; node != FDT_NONE; node = fdt_next(node)) {
    struct fdt_range range;
    if (!fdt_lists(node, "device_type", "memory"))
      continue;
    for (unsigned i = 0; fdt_reg(node, i, &range); i++)
      add_ram(range);
  }
}

static void set_aside_reserved(void) {
  struct fdt_range range;
  for (unsigned i = 0; fdt_reservation(i, &range); i++)
    set_aside(range);
  fdt_node reserved = fdt_find_path("/reserved-memory");
  for (fdt_node node = reserved; node != FDT_NONE; node = fdt_next(node)) {
    for (unsigned i = 0; fdt_parent(node) == reserved && fdt_reg(node, i, &range); i++)
      set_aside(range);
  }
}

void pmem_init(struct fdt_range archive) {
  find_ram();
  set_aside_reserved();
  // What lies below the kernel is the firmware's, whether the tree says so or not.
  set_aside((struct fdt_range){0, kernel_to_physical(kernel_end)});
  set_aside(fdt_blob());
  set_aside(archive);
  for (unsigned i = 0; i < unused_count; i++)
    free_pages += unused[i].bytes / PAGE_SIZE;
}

bool pmem_ram(unsigned index, struct fdt_range *range) {
  if (index >= ram_count)
    return false;
  *range = ram[index];
  return true;
}

static void *take_unused(void) {
  for (; unused_count > 0; unused_count--) {
    struct fdt_range *range = &unused[unused_count - 1];
    if (range->bytes == 0)
      continue;
    void *page = physical_to_kernel(range->address);
    range->address += PAGE_SIZE;
    range->bytes -= PAGE_SIZE;
    return page;
  }
  return NULL;
}

void *pmem_allocate(void) {
  void *page = returned;
  if (returned != NULL)
    returned = returned->next;
  else
    page = take_unused();
  if (page != NULL) {
    memset(page, 0, PAGE_SIZE);
    free_pages--;
  }
  return page;
}

void pmem_free(void *page) {
  struct free_page *free = page;
  free->next = returned;
  returned = free;
  free_pages++;
}

uint64_t pmem_total_bytes(void) {
  uint64_t bytes = 0;
  for (unsigned i = 0; i < ram_count; i++)
    bytes += ram[i].bytes;
  return bytes;
}

uint64_t pmem_free_bytes(void) { return free_pages * PAGE_SIZE; }
