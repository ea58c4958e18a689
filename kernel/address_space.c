#include "address_space.h"
#include "abi/system_call.h"
#include "hart.h"
#include "pmem.h"
#include "riscv.h"
#include "string.h"

// ASIDs are handed out in order and never taken back. When they run out a new generation begins: every hart
// flushes its TLB before it uses an ASID of the new generation, and every address space gets a new one when
// it is next activated.
static uint64_t asid_limit;
static uint64_t asid_generation = 1;
static uint64_t last_asid;

void address_space_init(void) {
  // Privileged specification 1.12, 4.1.11: bits of the field that are not implemented stay zero.
  uint64_t before = csr_read(satp);
  csr_write(satp, before | SATP_ASID_MASK << SATP_ASID_SHIFT);
  asid_limit = csr_read(satp) >> SATP_ASID_SHIFT & SATP_ASID_MASK;
  csr_write(satp, before);
  sfence_everything();
}

uint64_t address_space_asid_limit(void) { return asid_limit; }

static void assign_asid(struct address_space *space) {
  if (last_asid >= asid_limit) {
    asid_generation++;
    last_asid = 0;
    for (unsigned i = 0; i < hart_count; i++)
      harts[i].must_flush_tlb = true;
  }
  space->asid = asid_limit == 0 ? 0 : ++last_asid;
  space->asid_generation = asid_generation;
  // The page table was written by stores that no hart's walks are ordered after yet.
  space->stale_harts = UINT64_MAX;
}

void address_space_activate(struct address_space *space) {
  struct hart *hart = this_hart();
  if (hart->space == space)
    return;
  hart->space = space;
  if (space == NULL) {
    csr_write(satp, vm_satp(vm_kernel_table(), 0)); // all its translations are global: nothing to flush
    return;
  }
  if (space->asid_generation != asid_generation || asid_limit == 0)
    assign_asid(space);
  csr_write(satp, vm_satp(space->root, space->asid));
  if (hart->must_flush_tlb)
    sfence_everything();
  else if ((space->stale_harts >> hart->index & 1) != 0)
    sfence_asid(space->asid);
  hart->must_flush_tlb = false;
  space->stale_harts &= ~(1ul << hart->index);
}

// After a change to one page's entry. Harts elsewhere flush when they next come here, which is soon enough as
// long as an address space has one thread.
static void page_changed(struct address_space *space, user_address address) {
  struct hart *hart = this_hart();
  space->stale_harts |= ~(1ul << hart->index);
  if (hart->space == space)
    sfence_page(address, space->asid);
  else
    space->stale_harts = UINT64_MAX;
}

bool address_space_create(struct address_space *space) {
  *space = (struct address_space){.root = vm_create_table()};
  return space->root != NULL;
}

void address_space_destroy(struct address_space *space) {
  if (space->root != NULL)
    vm_destroy_table(space->root);
  space->root = NULL;
}

bool address_space_add(struct address_space *space, struct region region) {
  bool writable_code = (region.permissions & VM_WRITE) != 0 && (region.permissions & VM_EXECUTE) != 0;
  if (region.permissions == 0 || region.start < PAGE_SIZE || region.start > region.end ||
      region.end > USER_TOP || writable_code || space->region_count == MAX_REGIONS)
    return false;
  for (unsigned i = 0; i < space->region_count; i++) {
    if (region.start < space->regions[i].end && space->regions[i].start < region.end)
      return false;
  }
  space->regions[space->region_count++] = region;
  return true;
}

static const struct region *find_region(const struct address_space *space, user_address address) {
  for (unsigned i = 0; i < space->region_count; i++) {
    if (space->regions[i].start <= address && address < space->regions[i].end)
      return &space->regions[i];
  }
  return NULL;
}

// The page at `address`, mapped by its region's permissions; NULL when memory is out.
static void *map_page(struct address_space *space, const struct region *region, user_address address) {
  page_table_entry *entry = vm_user_entry(space->root, address, true);
  if (entry == NULL)
    return NULL;
  if (!vm_is_valid(*entry)) {
    void *page = pmem_allocate();
    if (page == NULL)
      return NULL;
    *entry = vm_make_entry(kernel_to_physical(page), region->permissions | VM_USER);
    space->pages++;
    // An entry that was not valid may be remembered as such (privileged specification 1.12, 4.2.1).
    page_changed(space, address);
  }
  return vm_entry_page(*entry);
}

enum fault address_space_fault(struct address_space *space, user_address address, uint64_t access) {
  const struct region *region = find_region(space, address);
  if (region == NULL)
    return FAULT_NO_REGION;
  if ((region->permissions & access) == 0)
    return FAULT_PROTECTION;
  if (map_page(space, region, page_down(address)) == NULL)
    return FAULT_NO_MEMORY;
  // The page may have been there all along, and the TLB behind the page table.
  sfence_page(address, space->asid);
  return FAULT_RESOLVED;
}

static void unmap(struct address_space *space, user_address start, user_address end) {
  for (user_address address = start; address < end;) {
    page_table_entry *entry = vm_user_entry(space->root, address, false);
    if (entry == NULL) { // and so for everything a table of the lowest level would map
      address = (address | (MEGAPAGE_SIZE - 1)) + 1;
      continue;
    }
    if (vm_is_valid(*entry)) {
      void *page = vm_entry_page(*entry);
      *entry = 0;
      page_changed(space, address); // before the page can become somebody else's
      pmem_free(page);
      space->pages--;
    }
    address += PAGE_SIZE;
  }
}

bool address_space_move_break(struct address_space *space, int64_t bytes) {
  struct region *heap = space->heap;
  uint64_t size = space->heap_break - heap->start;
  uint64_t limit = USER_HEAP_LIMIT - heap->start;
  if (bytes < 0 ? size < -(uint64_t)bytes : limit - size < (uint64_t)bytes)
    return false;
  user_address old_end = heap->end;
  space->heap_break += (uint64_t)bytes;
  heap->end = page_up(space->heap_break);
  unmap(space, heap->end, old_end);
  return true;
}

// Where the kernel sees the user's byte at `address`, and how many bytes of the buffer lie in the same page;
// NULL if the user may not make such an access there.
static uint8_t *user_bytes(struct address_space *space, user_address address, uint64_t access,
                           uint64_t *bytes) {
  const struct region *region = find_region(space, address);
  if (region == NULL || (region->permissions & access) == 0)
    return NULL;
  uint8_t *page = map_page(space, region, page_down(address));
  uint64_t offset = address % PAGE_SIZE;
  if (*bytes > PAGE_SIZE - offset)
    *bytes = PAGE_SIZE - offset;
  return page == NULL ? NULL : page + offset;
}

static bool copy_to_user(struct address_space *space, user_address to, const void *from, uint64_t bytes,
                         uint64_t access) {
  for (const uint8_t *source = from; bytes > 0;) {
    uint64_t piece = bytes;
    uint8_t *target = user_bytes(space, to, access, &piece);
    if (target == NULL)
      return false;
    memcpy(target, source, piece);
    to += piece; // past the highest address comes 0, where no region is
    source += piece;
    bytes -= piece;
  }
  return true;
}

bool address_space_copy_out(struct address_space *space, user_address to, const void *from, uint64_t bytes) {
  return copy_to_user(space, to, from, bytes, VM_WRITE);
}

bool address_space_load(struct address_space *space, user_address to, const void *from, uint64_t bytes) {
  return copy_to_user(space, to, from, bytes, VM_READ | VM_WRITE | VM_EXECUTE);
}

bool address_space_copy_in(struct address_space *space, void *to, user_address from, uint64_t bytes) {
  for (uint8_t *target = to; bytes > 0;) {
    uint64_t piece = bytes;
    const uint8_t *source = user_bytes(space, from, VM_READ, &piece);
    if (source == NULL)
      return false;
    memcpy(target, source, piece);
    from += piece;
    target += piece;
    bytes -= piece;
  }
  return true;
}

bool address_space_permits(struct address_space *space, user_address start, uint64_t bytes, uint64_t access) {
  while (bytes > 0) {
    uint64_t piece = bytes;
    if (user_bytes(space, start, access, &piece) == NULL)
      return false;
    start += piece;
    bytes -= piece;
  }
  return true;
}

int64_t address_space_copy_string(struct address_space *space, char *to, user_address from, uint64_t bytes) {
  for (uint64_t length = 0; length < bytes; length++) {
    if (!address_space_copy_in(space, &to[length], from + length, 1))
      return ERROR_BAD_ADDRESS;
    if (to[length] == 0)
      return (int64_t)length;
  }
  return ERROR_TOO_MANY;
}
