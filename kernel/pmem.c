#include "pmem.h"
#include "layout.h"
#include "print.h"

#define MAX_RANGES 32

extern char kernel_end[];

struct free_page {
  struct free_page *next;
};

static struct fdt_range ram[MAX_RANGES];
static unsigned ram_count;
static struct fdt_range initrd;

// Memory nobody has used yet. It is taken from the front, and not put on a list beforehand: a boot need not
// touch all of RAM, and a host that emulates RAM need not provide what is never touched.
static struct fdt_range unused[MAX_RANGES];
static unsigned unused_count;

uint32_t *pmem_owner_counts;

static struct free_page *returned;
static uint64_t free_pages;

static uint64_t end_of(struct fdt_range range) { return range.address + range.bytes; }

static void add_ram(struct fdt_range range) {
  if (ram_count == MAX_RANGES)
    return; // memory we have no room to note is memory we do not use
  ram[ram_count++] = range;
  uint64_t start = page_up(range.address), end = page_down(end_of(range));
  if (start < end)
    unused[unused_count++] = (struct fdt_range){start, end - start};
}

// Takes `taken` out of the unused memory.
static void set_aside(struct fdt_range taken) {
  uint64_t taken_start = page_down(taken.address);
  uint64_t taken_end = page_up(end_of(taken));
  for (unsigned i = 0; i < unused_count; i++) {
    struct fdt_range *range = &unused[i];
    uint64_t start = range->address, end = end_of(*range);
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

// Finds room for the counts of owners, from the first page of RAM to the last. They need not be cleared: they
// mean nothing before a page is allocated.
static void place_owner_counts(void) {
  uint64_t first = UINT64_MAX, last = 0;
  for (unsigned i = 0; i < ram_count; i++) {
    first = ram[i].address / PAGE_SIZE < first ? ram[i].address / PAGE_SIZE : first;
    last = end_of(ram[i]) / PAGE_SIZE > last ? end_of(ram[i]) / PAGE_SIZE : last;
  }
  uint64_t bytes = page_up((last - first + 1) * sizeof *pmem_owner_counts);
  for (unsigned i = 0; i < unused_count; i++) {
    if (unused[i].bytes < bytes)
      continue;
    pmem_owner_counts = (uint32_t *)physical_to_kernel(unused[i].address) - first;
    unused[i].address += bytes;
    unused[i].bytes -= bytes;
    return;
  }
  panic("%lu bytes to count the owners of pages are more than there are", bytes);
}

void pmem_init(struct fdt_range initrd_range) {
  initrd = initrd_range;
  find_ram();
  set_aside_reserved();
  // What lies below the kernel is the firmware's, whether the tree says so or not.
  set_aside((struct fdt_range){0, kernel_to_physical(kernel_end)});
  set_aside(fdt_blob());
  set_aside(initrd);
  place_owner_counts();
  for (unsigned i = 0; i < unused_count; i++)
    free_pages += unused[i].bytes / PAGE_SIZE;
}

bool pmem_ram(unsigned index, struct fdt_range *range) {
  if (index >= ram_count)
    return false;
  *range = ram[index];
  return true;
}

static bool contains(struct fdt_range outer, struct fdt_range inner) {
  return outer.address <= inner.address && end_of(inner) <= end_of(outer);
}

bool pmem_is_ram(struct fdt_range range) {
  for (unsigned i = 0; i < ram_count; i++) {
    if (contains(ram[i], range))
      return true;
  }
  return false;
}

bool pmem_is_foreign(struct fdt_range range) {
  uint64_t start = page_down(initrd.address);
  if (contains((struct fdt_range){start, page_up(end_of(initrd)) - start}, range))
    return true;
  for (unsigned i = 0; i < ram_count; i++) {
    if (range.address < end_of(ram[i]) && ram[i].address < end_of(range))
      return false;
  }
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

// A page with one owner and whatever contents.
static void *take(void) {
  void *page = returned;
  if (returned != NULL)
    returned = returned->next;
  else
    page = take_unused();
  if (page != NULL) {
    free_pages--;
    *pmem_owner_count(page) = 1;
  }
  return page;
}

// Zeroing and copying pages is much of what a page fault costs: eight words in each turn of these loops.

void *pmem_allocate(void) {
  uint64_t *page = take();
  if (page == NULL)
    return NULL;
  for (uint64_t *at = page; at < page + PAGE_SIZE / 8; at += 8) {
    at[0] = 0;
    at[1] = 0;
    at[2] = 0;
    at[3] = 0;
    at[4] = 0;
    at[5] = 0;
    at[6] = 0;
    at[7] = 0;
  }
  return page;
}

void *pmem_allocate_copy(const void *original) {
  uint64_t *page = take();
  if (page == NULL)
    return NULL;
  const uint64_t *from = original;
  for (uint64_t *at = page; at < page + PAGE_SIZE / 8; at += 8, from += 8) {
    uint64_t a = from[0], b = from[1], c = from[2], d = from[3];
    uint64_t e = from[4], f = from[5], g = from[6], h = from[7];
    at[0] = a;
    at[1] = b;
    at[2] = c;
    at[3] = d;
    at[4] = e;
    at[5] = f;
    at[6] = g;
    at[7] = h;
  }
  return page;
}

void pmem_free(void *page) {
  if (--*pmem_owner_count(page) > 0)
    return;
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
