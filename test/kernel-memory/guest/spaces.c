// Address spaces on one hart: what user mode sees.

#include "harness.h"
#include "hart.h"
#include "pmem.h"
#include "riscv.h"
#include "string.h"

#define HERE  0x10000ul
#define THERE 0x2000000000ul

static struct page_info scanned(struct memory *memory, uint64_t page) {
  struct page_info info = {0};
  check_equal(memory_scan(memory, page, &info, 1), 1);
  check_equal(info.page, page);
  return info;
}

static void touching(void) {
  struct address_space *space = new_space();
  struct memory *memory = new_memory(1ul << 30);
  uint64_t value;
  check_equal(address_space_map(space, memory, HERE, 7, 1000, MAP_READ | MAP_WRITE, 7), 0);
  address_space_activate(space);
  check_equal(loaded(HERE), 0);
  check_equal(faults, 1);
  check_equal(store(HERE + 8, 5), PAGE_PRESENT);
  check_equal(loaded(HERE + 8), 5);
  check_equal(faults, 0);
  check_equal(store(HERE + 999 * PAGE_SIZE, 6), PAGE_PRESENT);
  check_equal(faults, 1);
  check_equal(space->resident, 2);
  check_equal(memory->resident, 2);
  check_equal(scanned(memory, 7 + 999).page, 1006);
  check_equal(load(HERE - 8, &value), PAGE_NO_REGION);
  check_equal(load(HERE + 1000 * PAGE_SIZE, &value), PAGE_NO_REGION);
  check_equal(load(USER_TOP - 8, &value), PAGE_NO_REGION);
  check_equal(execute(HERE, &value), PAGE_PROTECTED);
  end_space(space);
  release(memory);
}

static void bad_arguments(void) {
  struct address_space *space = new_space();
  struct memory *memory = new_memory(10);
  const struct {
    uint64_t address, first, pages, rights;
    int64_t error;
  } maps[] = {
      {HERE + 1, 0, 1, MAP_READ, -EINVAL},
      {0, 0, 1, MAP_READ, -EINVAL},
      {HERE, 0, 0, MAP_READ, -EINVAL},
      {HERE, 0, 1, 0, -EINVAL},
      {HERE, 0, 1, 8, -EINVAL},
      {HERE, 0, 1, MAP_READ | 1ul << 63, -EINVAL},
      {HERE, 0, 1, MAP_WRITE, -EINVAL},
      {HERE, 0, 1, MAP_READ | MAP_WRITE | MAP_EXECUTE, -EINVAL},
      {USER_TOP, 0, 1, MAP_READ, -EINVAL},
      {USER_TOP - PAGE_SIZE, 0, 2, MAP_READ, -EINVAL},
      {HERE, 0, UINT64_MAX, MAP_READ, -EINVAL},
      {HERE, 0, 1ul << 52, MAP_READ, -EINVAL},
      {UINT64_MAX - PAGE_SIZE + 1, 0, 1, MAP_READ, -EINVAL},
      {HERE, UINT64_MAX, 1, MAP_READ, -EINVAL},
      {HERE, MEMORY_MOST_PAGES, 1, MAP_READ, -EINVAL},
      {HERE, 0, 1, MAP_READ | MAP_EXECUTE, -EPERM},
      {USER_TOP - PAGE_SIZE, MEMORY_MOST_PAGES - 1, 1, MAP_READ, 0},
      {HERE, 0, 10, MAP_READ, 0},
      {HERE - PAGE_SIZE, 0, 2, MAP_READ, -EBUSY},
      {HERE + 9 * PAGE_SIZE, 0, 1, MAP_READ, -EBUSY},
      {PAGE_SIZE, 0, (USER_TOP - PAGE_SIZE) / PAGE_SIZE, MAP_READ, -EBUSY},
      {HERE + 10 * PAGE_SIZE, 5, 1, MAP_READ, 0},
  };
  for (unsigned i = 0; i < sizeof maps / sizeof maps[0]; i++)
    check_equal(address_space_map(space, memory, maps[i].address, maps[i].first, maps[i].pages,
                                  maps[i].rights, MAP_READ | MAP_WRITE),
                maps[i].error);
  check_equal(address_space_unmap(space, HERE + 1, 1), -EINVAL);
  check_equal(address_space_unmap(space, HERE, UINT64_MAX), -EINVAL);
  check_equal(address_space_unmap(space, HERE, 0), -EINVAL);
  check_equal(address_space_protect(space, HERE, 1, MAP_WRITE), -EINVAL);
  check_equal(address_space_protect(space, HERE, 1, MAP_READ | MAP_EXECUTE), -EPERM);
  check_equal(address_space_protect(space, HERE, 12, MAP_READ), -EFAULT);
  check_equal(address_space_protect(space, HERE - PAGE_SIZE, 2, MAP_READ), -EFAULT);
  check_equal(address_space_protect(space, HERE, 11, MAP_READ | MAP_WRITE), 0);
  address_space_activate(space);
  uint64_t value;
  check_equal(load(USER_TOP - 8, &value), PAGE_NO_REGION); // beyond the object's end
  const uint64_t addresses[] = {0,          PAGE_SIZE,  USER_TOP,  KERNEL_OFFSET,
                                0x80200000, UINT64_MAX, 1ul << 63, 1ul << 38};
  for (unsigned i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
    struct memory *wired;
    check_equal(address_space_touch(space, addresses[i], MAP_READ, &last_request), PAGE_NO_REGION);
    check_equal(address_space_copy_in(space, &value, addresses[i], 8, &last_request), PAGE_NO_REGION);
    check_equal(address_space_copy_out(space, addresses[i], &value, 8, &last_request), PAGE_NO_REGION);
    check(address_space_wired(space, addresses[i], 8, &wired) == NULL);
  }
  uint64_t copied;
  check_equal(
      address_space_copy(space, HERE, space, HERE + 10 * PAGE_SIZE, UINT64_MAX, &copied, &last_request),
      PAGE_NO_REGION);
  check_equal(copied, PAGE_SIZE);
  end_space(space);
  release(memory);
}

static void sparse_ranges(void) {
  struct address_space *space = new_space();
  struct memory *memory = new_memory(1ul << 40);
  uint64_t pages = (USER_TOP - PAGE_SIZE) / PAGE_SIZE, value;
  check_equal(address_space_map(space, memory, PAGE_SIZE, 0, pages, MAP_READ | MAP_WRITE, 7), 0);
  address_space_activate(space);
  uint64_t used = quota->used;
  for (uint64_t address = PAGE_SIZE; address < USER_TOP; address += 0x555555000)
    check_equal(store(address, address), PAGE_PRESENT);
  for (uint64_t address = PAGE_SIZE; address < USER_TOP; address += 0x555555000)
    check_equal(loaded(address), address);
  uint64_t resident = space->resident;
  check_equal(memory->resident, resident);
  struct memory *copy;
  check_equal(memory_duplicate(memory, quota, 0, &copy), 0);
  release(copy);
  check_equal(address_space_protect(space, PAGE_SIZE, pages, MAP_READ), 0);
  check_equal(store(PAGE_SIZE, 1), PAGE_PROTECTED);
  check_equal(loaded(PAGE_SIZE), PAGE_SIZE);
  check_equal(address_space_unmap(space, 2 * PAGE_SIZE, pages - 2), 0); // all but the ends
  check_equal(space->resident, 1);
  check_equal(load(PAGE_SIZE + 0x555555000, &value), PAGE_NO_REGION);
  check_equal(loaded(PAGE_SIZE), PAGE_SIZE);
  check_equal(address_space_unmap(space, PAGE_SIZE, pages), 0);
  check_equal(space->resident, 0);
  check(space->regions == NULL);
  check_equal(memory_resize(memory, 0), 0);
  check(quota->used < used + 60 * PAGE_SIZE); // most page tables have been given back
  end_space(space);
  release(memory);
}

static void regions(void) {
  struct address_space *space = new_space();
  struct memory *memory = new_memory(100);
  uint64_t used = quota->used, value;
  for (unsigned i = 0; i < 10; i++) // grows piece by piece
    check_equal(
        address_space_map(space, memory, HERE + i * 10 * PAGE_SIZE, i * 10, 10, MAP_READ | MAP_WRITE, 7), 0);
  check(space->regions->next == NULL);
  address_space_activate(space);
  for (unsigned i = 0; i < 100; i++)
    check_equal(store(HERE + i * PAGE_SIZE, i), PAGE_PRESENT);
  check_equal(address_space_unmap(space, HERE + 20 * PAGE_SIZE, 5), 0);
  check_equal(address_space_unmap(space, HERE + 24 * PAGE_SIZE, 6), 0);
  check_equal(address_space_protect(space, HERE + 40 * PAGE_SIZE, 3, MAP_READ), 0);
  check_equal(address_space_unmap(space, HERE + 90 * PAGE_SIZE, 1000), 0);
  check_equal(space->resident, 80);
  for (unsigned i = 0; i < 100; i++) {
    bool present = i < 20 || (i >= 30 && i < 90), writable = i < 40 || i >= 43;
    check_equal(load(HERE + i * PAGE_SIZE, &value), present ? PAGE_PRESENT : PAGE_NO_REGION);
    if (!present)
      continue;
    check_equal(value, i);
    check_equal(store(HERE + i * PAGE_SIZE, i), writable ? PAGE_PRESENT : PAGE_PROTECTED);
  }
  check_equal(address_space_protect(space, HERE + 40 * PAGE_SIZE, 3, MAP_READ | MAP_WRITE), 0);
  check_equal(store(HERE + 41 * PAGE_SIZE, 1), PAGE_PRESENT);
  check_equal(address_space_map(space, memory, HERE + 20 * PAGE_SIZE, 0, 10, MAP_READ, 7), 0);
  check_equal(loaded(HERE + 23 * PAGE_SIZE), 3);
  check_equal(address_space_unmap(space, PAGE_SIZE, 1 << 20), 0);
  check(space->regions == NULL && memory->regions == NULL);
  check_equal(memory_resize(memory, 0), 0);
  check(quota->used <= used + 2 * PAGE_SIZE); // page tables
  end_space(space);
  release(memory);
}

static void copy_on_write(void) {
  struct address_space *parent = new_space(), *child = new_space();
  struct memory *memory = new_memory(40), *copy;
  map(parent, memory, HERE);
  address_space_activate(parent);
  for (unsigned i = 0; i < 40; i++)
    check_equal(store(HERE + i * PAGE_SIZE, 100 + i), PAGE_PRESENT);
  check_equal(memory_duplicate(memory, quota, 0, &copy), 0);
  map(child, copy, HERE);
  uint64_t free_before = pmem_free_bytes();
  for (unsigned i = 0; i < 40; i++) { // still readable, and without a fault
    check_equal(loaded(HERE + i * PAGE_SIZE), 100 + i);
    check_equal(faults, 0);
  }
  for (unsigned i = 0; i < 20; i++) { // the parent writes
    check_equal(store(HERE + i * PAGE_SIZE, 200 + i), PAGE_PRESENT);
    check_equal(faults, 1);
  }
  check_equal(free_before - pmem_free_bytes(), 20 * PAGE_SIZE);
  address_space_activate(child);
  for (unsigned i = 0; i < 40; i++)
    check_equal(loaded(HERE + i * PAGE_SIZE), 100 + i);
  for (unsigned i = 10; i < 30; i++) // the child writes, for the first half as the only owner left
    check_equal(store(HERE + i * PAGE_SIZE, 300 + i), PAGE_PRESENT);
  check_equal(free_before - pmem_free_bytes(), (30 + 2) * PAGE_SIZE); // two page tables of the child's
  for (unsigned i = 0; i < 40; i++)
    check_equal(loaded(HERE + i * PAGE_SIZE), i >= 10 && i < 30 ? 300 + i : 100 + i);
  address_space_activate(parent);
  for (unsigned i = 0; i < 40; i++)
    check_equal(loaded(HERE + i * PAGE_SIZE), i < 20 ? 200 + i : 100 + i);
  end_space(child);
  release(copy);
  for (unsigned i = 0; i < 40; i++) {
    check_equal(store(HERE + i * PAGE_SIZE, i), PAGE_PRESENT);
    check_equal(loaded(HERE + i * PAGE_SIZE), i);
  }
  check_equal(pmem_free_bytes(), free_before + PAGE_SIZE); // the child's root table
  end_space(parent);
  release(memory);
}

static void shared_memory(void) {
  struct address_space *first = new_space(), *second = new_space();
  struct memory *memory = new_memory(4), *copy;
  map(first, memory, HERE);
  map(first, memory, THERE); // twice in one space
  map(second, memory, HERE);
  address_space_activate(first);
  check_equal(store(HERE + 8, 1), PAGE_PRESENT);
  check_equal(loaded(THERE + 8), 1);
  check_equal(store(THERE + 8, 2), PAGE_PRESENT);
  check_equal(loaded(HERE + 8), 2);
  address_space_activate(second);
  check_equal(loaded(HERE + 8), 2);
  check_equal(memory_duplicate(memory, quota, 0, &copy), 0);
  check_equal(store(HERE + 8, 3), PAGE_PRESENT); // the object gets another page, in all places
  address_space_activate(first);
  check_equal(loaded(HERE + 8), 3);
  check_equal(loaded(THERE + 8), 3);
  check_equal(store(THERE + 8, 4), PAGE_PRESENT);
  check_equal(loaded(HERE + 8), 4);
  map(first, copy, HERE + 0x100000);
  check_equal(loaded(HERE + 0x100000 + 8), 2);
  check_equal(memory_resize(memory, 0), 0);
  uint64_t value;
  check_equal(load(HERE + 8, &value), PAGE_NO_REGION);
  check_equal(load(THERE + 8, &value), PAGE_NO_REGION);
  address_space_activate(second);
  check_equal(load(HERE + 8, &value), PAGE_NO_REGION);
  check_equal(memory_resize(memory, 1), 0);
  check_equal(loaded(HERE + 8), 0);
  end_space(first);
  end_space(second);
  release(copy);
  release(memory);
}

static void paging(void) {
  struct address_space *space = new_space();
  struct memory *memory = new_paged_memory(100), *buffer = new_memory(10);
  uint64_t value;
  map(space, memory, HERE);
  map(space, buffer, THERE);
  address_space_activate(space);
  for (unsigned i = 0; i < 10; i++)
    check_equal(store(THERE + i * PAGE_SIZE, 1000 + i), PAGE_PRESENT);
  for (unsigned i = 0; i < 10; i++) {
    check_equal(load(HERE + i * PAGE_SIZE, &value), PAGE_REQUESTED);
    check_equal(last_request.page, i);
    check_equal(memory_supply(memory, i, buffer, i), 0);
    check_equal(loaded(HERE + i * PAGE_SIZE), 1000 + i);
    check_equal(loaded(THERE + i * PAGE_SIZE), 0); // it is not there any more
  }
  for (unsigned i = 0; i < 10; i++)
    check_equal(scanned(memory, i).accessed, 1);
  loaded(HERE + 3 * PAGE_SIZE);
  check_equal(store(HERE + 4 * PAGE_SIZE, 2004), PAGE_PRESENT);
  for (unsigned i = 0; i < 10; i++) {
    struct page_info info = scanned(memory, i);
    check_equal(info.accessed, i == 3 || i == 4);
    check_equal(info.modified, i == 4);
  }
  check_equal(address_space_unmap(space, HERE + 4 * PAGE_SIZE, 1), 0); // what was modified remains so
  check_equal(scanned(memory, 4).modified, 1);
  check_equal(memory_evict(memory, 3, buffer, 0, 77), 0);
  check_equal(memory_evict(memory, 4, buffer, 1, 78), 1);
  check_equal(loaded(THERE), 1003);
  check_equal(loaded(THERE + PAGE_SIZE), 2004);
  check_equal(load(HERE + 3 * PAGE_SIZE, &value), PAGE_REQUESTED);
  check_equal(last_request.token, 77);
  check_equal(store(HERE + 3 * PAGE_SIZE, 1), PAGE_REQUESTED);
  check_equal(last_request.access, MAP_WRITE);
  check_equal(memory_supply(memory, 3, buffer, 0), 0);
  check_equal(store(HERE + 3 * PAGE_SIZE, 5), PAGE_PRESENT);
  check_equal(memory_evict(memory, 3, buffer, 0, 79), 1);
  check_equal(loaded(THERE), 5);
  end_space(space);
  release(memory);
  release(buffer);
}

static void put_code(user_address address, const char *code) {
  uint64_t word;
  memcpy(&word, code, CODE_BYTES);
  check_equal(store(address, word), PAGE_PRESENT);
}

static void execution(void) {
  struct address_space *space = new_space();
  struct memory *memory = new_memory(2), *copy;
  uint64_t value;
  map(space, memory, HERE);
  check_equal(address_space_map(space, memory, THERE, 0, 2, MAP_READ | MAP_EXECUTE, 7), 0);
  address_space_activate(space);
  for (unsigned i = 0; i < 4; i++) { // the same page, changed and executed by turns
    put_code(HERE, i % 2 == 0 ? code_one : code_two);
    check_equal(execute(THERE, &value), PAGE_PRESENT);
    check_equal(value, i % 2 + 1);
  }
  loaded(THERE + PAGE_SIZE); // readable before it is executable
  put_code(HERE + PAGE_SIZE, code_two);
  check_equal(execute(THERE + PAGE_SIZE, &value), PAGE_PRESENT);
  check_equal(value, 2);
  check_equal(store(THERE, 1), PAGE_PROTECTED);
  check_equal(address_space_copy_out(space, HERE, code_one, CODE_BYTES, &last_request), PAGE_PRESENT);
  check_equal(execute(THERE, &value), PAGE_PRESENT); // the kernel wrote to it
  check_equal(value, 1);
  check_equal(address_space_copy_out(space, THERE, code_one, CODE_BYTES, &last_request), PAGE_PROTECTED);

  check_equal(memory_duplicate(memory, quota, 0, &copy), 0);
  put_code(HERE, code_two);
  check_equal(execute(THERE, &value), PAGE_PRESENT);
  check_equal(value, 2);
  check_equal(address_space_map(space, copy, THERE + 0x100000, 0, 2, MAP_READ | MAP_EXECUTE, 7), 0);
  check_equal(execute(THERE + 0x100000, &value), PAGE_PRESENT);
  check_equal(value, 1);

  check_equal(address_space_protect(space, HERE, 2, MAP_EXECUTE), 0);
  check_equal(execute(HERE, &value), PAGE_PRESENT);
  check_equal(value, 2);
  check_equal(store(HERE, 1), PAGE_PROTECTED);
  check_equal(address_space_protect(space, HERE, 2, MAP_READ | MAP_WRITE), 0);
  put_code(HERE, code_one);
  check_equal(execute(HERE, &value), PAGE_PROTECTED);
  check_equal(execute(THERE, &value), PAGE_PRESENT);
  check_equal(value, 1);
  struct memory *device;
  check_equal(memory_create_device(quota, 0x81000000, 0x1000, &device), 0);
  check_equal(address_space_map(space, device, 0x200000, 0, 1, MAP_EXECUTE, 7), 0);
  check_equal(execute(0x200000, &value), PAGE_PROTECTED);
  end_space(space);
  release(device);
  release(copy);
  release(memory);
}

static void devices(void) {
  struct address_space *space = new_space();
  struct memory *device;
  check_equal(memory_create_device(quota, 0x81000000, 0x1000, &device), 0);
  map(space, device, HERE);
  address_space_activate(space);
  check_equal(store(HERE, 0x1234), PAGE_PRESENT);
  check_equal(*(uint64_t *)physical_to_kernel(0x81000000), 0x1234);
  uint64_t free_before = pmem_free_bytes(), value;
  check_equal(address_space_copy_in(space, &value, HERE, 8, &last_request), PAGE_PRESENT);
  check_equal(value, 0x1234);
  check_equal(memory_scan(device, 0, NULL, 0), 0);
  check_equal(address_space_unmap(space, HERE, 1), 0);
  check_equal(load(HERE, &value), PAGE_NO_REGION);
  check(pmem_free_bytes() <= free_before + PAGE_SIZE);
  end_space(space);
  release(device);
}

static void copying(void) {
  static uint8_t pattern[3 * PAGE_SIZE], back[3 * PAGE_SIZE];
  struct address_space *first = new_space(), *second = new_space();
  struct memory *memory = new_memory(8), *other = new_memory(8), *paged = new_paged_memory(1), *copy;
  for (unsigned i = 0; i < sizeof pattern; i++)
    pattern[i] = (uint8_t)(i * 7 + i / 256);
  map(first, memory, HERE);
  map(second, other, THERE);
  check_equal(address_space_copy_out(first, HERE + 123, pattern, sizeof pattern, &last_request),
              PAGE_PRESENT);
  check_equal(address_space_copy_in(first, back, HERE + 123, sizeof back, &last_request), PAGE_PRESENT);
  check_equal(memcmp(pattern, back, sizeof back), 0);
  check_equal(memory_duplicate(memory, quota, 0, &copy), 0);
  uint64_t copied;
  check_equal(
      address_space_copy(first, HERE + 123, second, THERE + 4001, sizeof pattern, &copied, &last_request),
      PAGE_PRESENT);
  check_equal(copied, sizeof pattern);
  memset(back, 0, sizeof back);
  check_equal(address_space_copy_in(second, back, THERE + 4001, sizeof back, &last_request), PAGE_PRESENT);
  check_equal(memcmp(pattern, back, sizeof back), 0);
  address_space_activate(second);
  uint64_t word;
  memcpy(&word, &pattern[95], 8);
  check_equal(loaded(THERE + PAGE_SIZE), word);
  // Onto the same object, whose pages are shared with a copy.
  check_equal(address_space_copy(first, HERE + 123, first, HERE + 200, 500, &copied, &last_request),
              PAGE_PRESENT);
  check_equal(address_space_copy_in(first, back, HERE + 200, 500, &last_request), PAGE_PRESENT);
  check_equal(memcmp(pattern, back, 500), 0);
  map(second, paged, HERE);
  check_equal(address_space_copy(first, HERE, second, HERE, 100, &copied, &last_request), PAGE_REQUESTED);
  check_equal(last_request.access, MAP_WRITE);
  check_equal(copied, 0);
  check_equal(
      address_space_copy(first, HERE + 7 * PAGE_SIZE, second, THERE, 2 * PAGE_SIZE, &copied, &last_request),
      PAGE_NO_REGION);
  check_equal(copied, PAGE_SIZE);
  struct memory *wired, *found;
  check_equal(memory_create(quota, 2, MEMORY_WIRED, NULL, 0, 0, &wired), 0);
  map(second, wired, 0x40000);
  address_space_activate(second);
  check_equal(store(0x40000 + PAGE_SIZE + 1024, 99), PAGE_PRESENT);
  uint64_t *buffer = address_space_wired(second, 0x40000 + PAGE_SIZE + 1024, 1024, &found);
  check(buffer != NULL && *buffer == 99 && found == wired);
  *buffer = 100;
  check_equal(loaded(0x40000 + PAGE_SIZE + 1024), 100);
  check(address_space_wired(second, 0x40000 + PAGE_SIZE - 8, 16, &found) == NULL);
  check(address_space_wired(second, THERE, 16, &found) == NULL);
  check_equal(address_space_protect(second, 0x40000, 2, MAP_READ), 0);
  check(address_space_wired(second, 0x40000, 16, &found) == NULL);
  end_space(first);
  end_space(second);
  release(wired);
  release(copy);
  release(paged);
  release(other);
  release(memory);
}

// Whether the fast path may turn this hart to the space, and how it does.
static bool is_current(const struct address_space *space) {
  return (space->current_harts & this_hart()->bit) != 0;
}

static void turn_to(struct address_space *space) {
  this_hart()->space = space;
  csr_write(satp, space->satp);
}

// More address spaces than small numbers of ASIDs, each with its own page at the same address.
static void many_spaces(void) {
  struct address_space *spaces[20];
  struct memory *memories[20];
  for (unsigned i = 0; i < 20; i++) {
    spaces[i] = new_space();
    memories[i] = new_memory(1);
    map(spaces[i], memories[i], HERE);
    address_space_activate(spaces[i]);
    check_equal(store(HERE, 1000 + i), PAGE_PRESENT);
  }
  for (unsigned round = 0; round < 100; round++) {
    unsigned i = round * 13 % 20;
    if (is_current(spaces[i]))
      turn_to(spaces[i]);
    else
      address_space_activate(spaces[i]);
    check_equal(loaded(HERE), 1000 + i);
    unsigned other = (i + 1) % 20; // is changed while this hart is elsewhere
    if (round % 7 == 0) {
      check_equal(address_space_unmap(spaces[other], HERE, 1), 0);
      check(tlb_asid_limit() != 0 || !is_current(spaces[other]));
      release(memories[other]);
      memories[other] = new_memory(1);
      map(spaces[other], memories[other], HERE);
      check_equal(address_space_copy_out(spaces[other], HERE, &(uint64_t){1000 + other}, 8, &last_request),
                  PAGE_PRESENT);
      check_equal(loaded(HERE), 1000 + i);
    }
  }
  if (tlb_asid_limit() > 20) {
    address_space_activate(spaces[0]);
    check(is_current(spaces[3]));
    loaded(HERE);
    check_equal(address_space_protect(spaces[3], HERE, 1, MAP_READ), 0);
    address_space_activate(spaces[3]);
    check(is_current(spaces[3]));
    check_equal(store(HERE, 1), PAGE_PROTECTED);
  }
  for (unsigned i = 0; i < 20; i++) {
    end_space(spaces[i]);
    release(memories[i]);
  }
}

static void exhaustion(void) {
  struct quota *whole = quota, *small = quota_create(quota, 9 * PAGE_SIZE);
  quota = small;
  struct address_space *space = new_space();
  quota = whole;
  struct memory *memory = new_memory(1000);
  map(space, memory, HERE);
  map(space, memory, THERE);
  map(space, memory, 0x3000000000);
  map(space, memory, 0x1000000000);
  address_space_activate(space);
  uint64_t value;
  unsigned present = 0;
  present += load(HERE, &value) == PAGE_PRESENT; // each needs two page tables
  present += load(THERE, &value) == PAGE_PRESENT;
  present += load(0x3000000000, &value) == PAGE_PRESENT;
  check_equal(present, 3);
  check_equal(load(0x1000000000, &value), PAGE_NO_MEMORY);
  check_equal(memory->resident, 1);
  for (unsigned i = 0; i < 500; i += 2) { // regions cost, too
    int64_t error = address_space_protect(space, HERE + i * PAGE_SIZE, 1, MAP_READ);
    if (error != 0) {
      check_equal(error, -ENOMEM);
      break;
    }
    check(i < 498);
  }
  check_equal(loaded(HERE), 0);
  end_space(space);
  check_equal(small->used, 0);
  quota_release(small);
  release(memory);
}

const struct test space_tests[] = {
    {"touching", touching, 1},
    {"bad arguments", bad_arguments, 1},
    {"sparse ranges", sparse_ranges, 1},
    {"regions", regions, 1},
    {"copy on write", copy_on_write, 1},
    {"shared memory", shared_memory, 1},
    {"paging", paging, 1},
    {"execution", execution, 1},
    {"devices", devices, 1},
    {"copying", copying, 1},
    {"many spaces", many_spaces, 1},
    {"exhaustion", exhaustion, 1},
    {0},
};
