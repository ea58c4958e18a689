#include "address_space.h"
#include "pmem.h"
#include "pool.h"
#include "print.h"
#include "string.h"

static struct pool regions = POOL(sizeof(struct region));

static uint64_t region_pages(const struct region *region) {
  return (region->end - region->start) / PAGE_SIZE;
}

static uint64_t page_number(const struct region *region, user_address address) {
  return region->first_page + (address - region->start) / PAGE_SIZE;
}

// The bits of page-table entries for rights; and which rights there are at all.
_Static_assert(MAP_READ << 1 == VM_READ && MAP_WRITE << 1 == VM_WRITE && MAP_EXECUTE << 1 == VM_EXECUTE,
               "a shift apart");
static uint64_t entry_rights(uint64_t rights) { return rights << 1; }

static bool are_rights(uint64_t rights) {
  if (rights == 0 || (rights & ~(uint64_t)(MAP_READ | MAP_WRITE | MAP_EXECUTE)) != 0)
    return false;
  // Sv39 has no entries that can be written but not read; ours are not written and executed.
  return (rights & MAP_WRITE) == 0 || ((rights & MAP_READ) != 0 && (rights & MAP_EXECUTE) == 0);
}

static bool are_user_pages(user_address address, uint64_t pages) {
  return address % PAGE_SIZE == 0 && address >= PAGE_SIZE && address < USER_TOP && pages > 0 &&
         pages <= (USER_TOP - address) / PAGE_SIZE;
}

bool address_space_create(struct address_space *space, struct quota *quota) {
  *space = (struct address_space){.root = vm_create_table(quota), .quota = quota};
  return space->root != NULL;
}

void address_space_activate(struct address_space *space) {
  struct hart *hart = this_hart();
  if (hart->space == space && (space == NULL || (space->current_harts & hart->bit) != 0))
    return;
  hart->space = space;
  if (space == NULL)
    csr_write(satp, vm_satp(vm_kernel_table(), 0)); // all its translations are global: nothing to flush
  else
    tlb_enter(space);
}

struct region *address_space_find(struct address_space *space, user_address address) {
  struct region *region = space->last_found;
  if (region == NULL || address < region->start)
    region = space->regions;
  while (region != NULL && region->end <= address)
    region = region->next;
  if (region == NULL || address < region->start)
    return NULL;
  space->last_found = region;
  return region;
}

// The link to the first region that ends behind `address`.
static struct region **find_link(struct address_space *space, user_address address) {
  struct region **link = &space->regions;
  if (space->last_found != NULL && space->last_found->end <= address)
    link = &space->last_found->next;
  while (*link != NULL && (*link)->end <= address)
    link = &(*link)->next;
  return link;
}

// A region like `model`, which shows its memory but is not in its space's list. NULL: memory is exhausted.
static struct region *create_region(const struct region *model) {
  struct quota *quota = model->space->quota;
  struct region *region = quota_allocate(quota, &regions);
  if (region == NULL)
    return NULL;
  *region = *model;
  struct memory *memory = region->memory;
  object_retain(&memory->object);
  region->previous_of_memory = NULL;
  region->next_of_memory = memory->regions;
  if (memory->regions != NULL)
    memory->regions->previous_of_memory = region;
  memory->regions = region;
  return region;
}

// Leaves only the bits `kept` of the rights of the entries for [start, end), which lie in the region, and
// flushes what that needs. No entry is left without rights.
static void reduce(const struct region *region, user_address start, user_address end, uint64_t kept) {
  struct address_space *space = region->space;
  user_address first = end, last = end;
  page_table_entry *entry = NULL;
  for (user_address at = start; (entry = vm_next_user_entry(space->root, entry, &at, end)) != NULL;
       at += PAGE_SIZE) {
    if ((*entry & VM_LEAF & ~kept) == 0)
      continue;
    // Atomically: other harts may set A and D until their TLBs are flushed.
    if ((*entry & VM_LEAF & kept) == 0) {
      page_table_entry gone = __atomic_exchange_n(entry, 0, __ATOMIC_RELAXED);
      memory_note(region->memory, page_number(region, at), gone);
      space->resident--;
    } else {
      __atomic_fetch_and(entry, ~(VM_LEAF & ~kept), __ATOMIC_RELAXED);
    }
    first = first == end ? at : first;
    last = at;
  }
  if (first != end)
    tlb_revoked(space, first, last + PAGE_SIZE);
}

static void remove_region(struct region **link) {
  struct region *region = *link;
  struct address_space *space = region->space;
  struct memory *memory = region->memory;
  reduce(region, region->start, region->end, 0);
  *link = region->next;
  space->last_found = NULL;
  if (region->previous_of_memory != NULL)
    region->previous_of_memory->next_of_memory = region->next_of_memory;
  else
    memory->regions = region->next_of_memory;
  if (region->next_of_memory != NULL)
    region->next_of_memory->previous_of_memory = region->previous_of_memory;
  quota_free(space->quota, &regions, region);
  object_release(&memory->object);
}

void address_space_destroy(struct address_space *space) {
  if (this_hart()->space == space)
    address_space_activate(NULL);
  while (space->regions != NULL)
    remove_region(&space->regions);
  // Its ASID is not used again before all TLBs have been flushed: nothing to flush here.
  vm_destroy_table(space->root, space->quota);
  space->root = NULL;
}

// Makes a region that extends over `address` two. False if memory is exhausted.
static bool split(struct address_space *space, user_address address) {
  struct region *lower = address_space_find(space, address);
  if (lower == NULL || lower->start == address)
    return true;
  struct region *upper = create_region(lower);
  if (upper == NULL)
    return false;
  upper->start = address;
  upper->first_page = page_number(lower, address);
  lower->end = address;
  lower->next = upper;
  return true;
}

int64_t address_space_map(struct address_space *space, struct memory *memory, user_address address,
                          uint64_t first_page, uint64_t pages, uint64_t rights, uint64_t allowed) {
  if (!are_user_pages(address, pages) || !are_rights(rights) || first_page > MEMORY_MOST_PAGES - pages)
    return -EINVAL;
  if ((rights & ~allowed) != 0)
    return -EPERM;
  struct region model = {
      .start = address,
      .end = address + pages * PAGE_SIZE,
      .rights = rights,
      .allowed = allowed,
      .memory = memory,
      .first_page = first_page,
      .space = space,
  };
  struct region **link = find_link(space, address);
  if (*link != NULL && (*link)->start < model.end)
    return -EBUSY;
  // What grows piece by piece remains one region.
  struct region *before = address_space_find(space, address - 1);
  if (before != NULL && before->memory == memory && before->rights == rights && before->allowed == allowed &&
      page_number(before, address) == first_page) {
    before->end = model.end;
    return 0;
  }
  struct region *region = create_region(&model);
  if (region == NULL)
    return -ENOMEM;
  region->next = *link;
  *link = region;
  space->last_found = region;
  return 0;
}

int64_t address_space_unmap(struct address_space *space, user_address address, uint64_t pages) {
  if (!are_user_pages(address, pages))
    return -EINVAL;
  user_address end = address + pages * PAGE_SIZE;
  if (!split(space, address) || !split(space, end))
    return -ENOMEM;
  struct region **link = find_link(space, address);
  while (*link != NULL && (*link)->start < end)
    remove_region(link);
  struct vm_table_list *tables = vm_detach_tables(space->root, address, end);
  if (tables != NULL) {
    tlb_revoked_table(space);
    vm_free_tables(tables, space->quota);
  }
  return 0;
}

int64_t address_space_protect(struct address_space *space, user_address address, uint64_t pages,
                              uint64_t rights) {
  if (!are_user_pages(address, pages) || !are_rights(rights))
    return -EINVAL;
  user_address end = address + pages * PAGE_SIZE;
  for (user_address at = address; at < end;) {
    const struct region *region = address_space_find(space, at);
    if (region == NULL)
      return -EFAULT;
    if ((rights & ~region->allowed) != 0)
      return -EPERM;
    at = region->end;
  }
  if (!split(space, address) || !split(space, end))
    return -ENOMEM;
  for (struct region *region = *find_link(space, address); region != NULL && region->start < end;
       region = region->next) {
    region->rights = rights;
    reduce(region, region->start, region->end, entry_rights(rights)); // new rights come with a fault
  }
  return 0;
}

enum page_outcome address_space_touch(struct address_space *space, user_address address, uint64_t access,
                                      struct page_request *request) {
  const struct region *region = address_space_find(space, address);
  if (region == NULL)
    return PAGE_NO_REGION;
  if ((region->rights & access) == 0)
    return PAGE_PROTECTED;
  address = page_down(address);
  page_table_entry *entry = vm_user_entry(space->root, address);
  // For the case that memory is out: the pager may know where to get some.
  *request = (struct page_request){region->memory, page_number(region, address), access, NO_MEMORY_TOKEN};
  bool new_table = entry == NULL;
  if (new_table)
    entry = vm_make_user_entry(space->root, address, space->quota);
  if (entry == NULL)
    return PAGE_NO_MEMORY;
  // A processor need not set A and D itself: it may fault instead (privileged specification 1.12, 4.3.1).
  uint64_t noted = access == MAP_WRITE ? VM_ACCESSED | VM_DIRTY : VM_ACCESSED;
  page_table_entry needed = entry_rights(access) | VM_VALID | VM_USER | noted;
  if ((*entry & needed) == needed) {
    tlb_refresh(space);
    return PAGE_PRESENT;
  }
  physical_address page;
  uint64_t rights;
  enum page_outcome outcome =
      memory_resolve(region->memory, page_number(region, address), access, &page, &rights, request);
  if (outcome != PAGE_PRESENT)
    return outcome;
  // Whatever entry was there shows this page: others have been withdrawn. So bits are only added, and those
  // that a processor sets meanwhile are not lost.
  rights &= entry_rights(region->rights);
  page_table_entry before =
      __atomic_fetch_or(entry, vm_leaf_entry(page, rights | VM_VALID | VM_USER | noted), __ATOMIC_RELAXED);
  if ((before & VM_VALID) == 0)
    space->resident++;
  tlb_granted(space, address, new_table);
  return PAGE_PRESENT;
}

// Where the kernel sees the user's byte at `address`, for an access, and how many of *bytes lie in the same
// page.
static enum page_outcome user_bytes(struct address_space *space, user_address address, uint64_t access,
                                    uint8_t **at, uint64_t *bytes, struct page_request *request) {
  const struct region *region = address_space_find(space, address);
  if (region == NULL)
    return PAGE_NO_REGION;
  if ((region->rights & access) == 0)
    return PAGE_PROTECTED;
  void *page;
  enum page_outcome outcome =
      memory_page(region->memory, page_number(region, address), access, &page, request);
  if (outcome != PAGE_PRESENT)
    return outcome;
  uint64_t offset = address % PAGE_SIZE;
  *at = (uint8_t *)page + offset;
  if (*bytes > PAGE_SIZE - offset)
    *bytes = PAGE_SIZE - offset;
  return PAGE_PRESENT;
}

enum page_outcome address_space_copy_out(struct address_space *space, user_address to, const void *from,
                                         uint64_t bytes, struct page_request *request) {
  for (const uint8_t *source = from; bytes > 0;) {
    uint64_t piece = bytes;
    uint8_t *target;
    enum page_outcome outcome = user_bytes(space, to, MAP_WRITE, &target, &piece, request);
    if (outcome != PAGE_PRESENT)
      return outcome;
    memcpy(target, source, piece);
    to += piece; // past the highest address comes 0, where no region is
    source += piece;
    bytes -= piece;
  }
  return PAGE_PRESENT;
}

enum page_outcome address_space_copy_in(struct address_space *space, void *to, user_address from,
                                        uint64_t bytes, struct page_request *request) {
  for (uint8_t *target = to; bytes > 0;) {
    uint64_t piece = bytes;
    uint8_t *source;
    enum page_outcome outcome = user_bytes(space, from, MAP_READ, &source, &piece, request);
    if (outcome != PAGE_PRESENT)
      return outcome;
    memcpy(target, source, piece);
    from += piece;
    target += piece;
    bytes -= piece;
  }
  return PAGE_PRESENT;
}

enum page_outcome address_space_copy(struct address_space *from, user_address source,
                                     struct address_space *to, user_address target, uint64_t bytes,
                                     uint64_t *copied, struct page_request *request) {
  for (*copied = 0; *copied < bytes;) {
    uint64_t piece = bytes - *copied;
    uint8_t *in, *out;
    // The target first: making it writable may give the page another place, and it may be the source's, too.
    enum page_outcome outcome = user_bytes(to, target + *copied, MAP_WRITE, &out, &piece, request);
    if (outcome == PAGE_PRESENT)
      outcome = user_bytes(from, source + *copied, MAP_READ, &in, &piece, request);
    if (outcome != PAGE_PRESENT)
      return outcome;
    memmove(out, in, piece);
    *copied += piece;
  }
  return PAGE_PRESENT;
}

void *address_space_wired(struct address_space *space, user_address address, uint64_t bytes,
                          struct memory **memory) {
  const struct region *region = address_space_find(space, address);
  if (region == NULL || (region->rights & MAP_WRITE) == 0 || (region->memory->flags & MEMORY_WIRED) == 0 ||
      bytes > PAGE_SIZE - address % PAGE_SIZE)
    return NULL;
  void *page;
  if (memory_page(region->memory, page_number(region, address), MAP_WRITE, &page, NULL) != PAGE_PRESENT)
    return NULL;
  *memory = region->memory;
  return (uint8_t *)page + address % PAGE_SIZE;
}

void regions_of_memory_withdraw(struct memory *memory, uint64_t first, uint64_t end, bool keep_readable) {
  for (const struct region *region = memory->regions; region != NULL; region = region->next_of_memory) {
    uint64_t from = first > region->first_page ? first - region->first_page : 0;
    uint64_t to = end > region->first_page ? end - region->first_page : 0;
    if (to > region_pages(region))
      to = region_pages(region);
    if (from < to)
      reduce(region, region->start + from * PAGE_SIZE, region->start + to * PAGE_SIZE,
             keep_readable ? VM_READ | VM_EXECUTE : 0);
  }
}

// Takes from the entry for a page what it says of it, and clears its accessed bit. Returns whether that was
// set.
static bool scan_entry(page_table_entry *entry, struct page_info *info) {
  if (entry == NULL || (*entry & VM_VALID) == 0)
    return false;
  info->modified |= (*entry & VM_DIRTY) != 0;
  if ((*entry & VM_ACCESSED) == 0)
    return false;
  info->accessed = 1;
  __atomic_fetch_and(entry, ~VM_ACCESSED, __ATOMIC_RELAXED);
  return true;
}

void regions_of_memory_scan(struct memory *memory, struct page_info *info, uint64_t count) {
  for (const struct region *region = memory->regions; region != NULL; region = region->next_of_memory) {
    user_address first = region->end, last = region->end;
    for (uint64_t i = 0; i < count; i++) {
      if (info[i].page < region->first_page || info[i].page - region->first_page >= region_pages(region))
        continue;
      user_address at = region->start + (info[i].page - region->first_page) * PAGE_SIZE;
      if (scan_entry(vm_user_entry(region->space->root, at), &info[i])) {
        first = first == region->end ? at : first;
        last = at;
      }
    }
    if (first != region->end) // a TLB that still has the entry does not set the bit again
      tlb_revoked(region->space, first, last + PAGE_SIZE);
  }
}
