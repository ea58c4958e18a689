// Memory objects by themselves: pages, charges, eviction, hostile arguments.

#include "harness.h"
#include "pmem.h"
#include "pool.h"

static uint64_t *page_of(struct memory *memory, uint64_t number, uint64_t access) {
  void *page = NULL;
  check_equal(memory_page(memory, number, access, &page, &last_request), PAGE_PRESENT);
  return page;
}

static void nested_quotas(void) {
  uint64_t used = quota->used;
  check(quota_create(quota, quota->limit) == NULL);
  check(quota_create(quota, UINT64_MAX) == NULL);
  check_equal(quota->used, used);
  struct quota *child = quota_create(quota, 8192);
  check_equal(quota->used, used + 8192 + sizeof(struct quota));
  check(quota_charge(child, 8000));
  check(!quota_charge(child, 193));
  check(!quota_charge(child, UINT64_MAX));
  quota_uncharge(child, 8000);
  struct quota *grandchild = quota_create(child, 64);
  check(quota_charge(grandchild, 64));
  quota_release(child); // the grandchild still holds it
  check_equal(quota->used, used + 8192 + sizeof(struct quota));
  quota_uncharge(grandchild, 64);
  quota_release(grandchild);
  check_equal(quota->used, used);
}

static void closed_quota(void) {
  uint64_t used = quota->used;
  struct quota *child = quota_create(quota, 1 << 20);
  struct memory *memory;
  check_equal(memory_create(child, 4, 0, NULL, 0, 0, &memory), 0);
  page_of(memory, 0, MAP_WRITE);
  uint64_t in_use = child->used;
  quota_close(child);
  quota_release(child); // the process is gone, its memory is not
  check_equal(quota->used, used + in_use + sizeof(struct quota));
  void *page;
  check_equal(memory_page(memory, 1, MAP_READ, &page, &last_request), PAGE_NO_MEMORY);
  release(memory);
  check_equal(quota->used, used);
}

static void pools(void) {
  static struct pool pool = POOL(300);
  uint8_t *pieces[40];
  check_equal(pool.bytes, 304);
  for (unsigned round = 0; round < 3; round++) {
    for (unsigned i = 0; i < 40; i++) {
      pieces[i] = pool_allocate(&pool);
      check_equal((uint64_t)pieces[i] % 16, 0);
      for (unsigned byte = 0; byte < 300; byte++) {
        check_equal(pieces[i][byte], 0);
        pieces[i][byte] = (uint8_t)(i + 1);
      }
    }
    check_equal(pool.in_use, 40);
    for (unsigned i = 0; i < 40; i++) {
      uint8_t *piece = pieces[(i * 17 + round) % 40]; // in no order
      for (unsigned byte = 0; byte < 300; byte++)
        check_equal(piece[byte], (i * 17 + round) % 40 + 1);
      pool_free(&pool, piece);
    }
    check_equal(pool.in_use, 0);
    check(pool.pages == NULL);
  }
}

static void pages_come_when_touched(void) {
  uint64_t used = quota->used;
  struct memory *memory = new_memory(1ul << 40); // costs nothing
  check(quota->used - used < 512);
  uint64_t empty = quota->used;
  const uint64_t numbers[] = {0, 63, 64, 4095, 4096, 1ul << 30, (1ul << 40) - 1};
  for (unsigned i = 0; i < 7; i++) {
    uint64_t *page = page_of(memory, numbers[i], MAP_WRITE);
    for (unsigned word = 0; word < 512; word++)
      check_equal(page[word], 0);
    page[0] = numbers[i] + 1;
    check_equal(memory->resident, i + 1);
  }
  for (unsigned i = 0; i < 7; i++)
    check_equal(*page_of(memory, numbers[i], MAP_READ), numbers[i] + 1);
  void *page;
  check_equal(memory_page(memory, 1ul << 40, MAP_READ, &page, &last_request), PAGE_NO_REGION);
  check_equal(memory_page(memory, UINT64_MAX, MAP_READ, &page, &last_request), PAGE_NO_REGION);
  struct page_info info[8];
  check_equal(memory_scan(memory, 0, info, 8), 7);
  for (unsigned i = 0; i < 7; i++)
    check_equal(info[i].page, numbers[i]);
  check_equal(memory_scan(memory, 64, info, 3), 3);
  check_equal(info[2].page, 4096);
  check_equal(memory_scan(memory, UINT64_MAX, info, 8), 0);
  check_equal(memory_scan(memory, 0, info, 0), 0);
  check_equal(memory_resize(memory, 64), 0);
  check_equal(memory->resident, 2);
  check_equal(memory_page(memory, 64, MAP_READ, &page, &last_request), PAGE_NO_REGION);
  check_equal(memory_resize(memory, 65), 0);
  check_equal(*page_of(memory, 64, MAP_READ), 0); // what was lost is lost
  check_equal(memory_resize(memory, 0), 0);
  check_equal(quota->used, empty);
  check_equal(memory_resize(memory, MEMORY_MOST_PAGES + 1), -EINVAL);
  release(memory);
  check_equal(quota->used, used);
  struct memory *none;
  check_equal(memory_create(quota, UINT64_MAX, 0, NULL, 0, 0, &none), -EINVAL);
  check_equal(memory_create(quota, 1, 2, NULL, 0, 0, &none), -EINVAL);
}

static void quota_bounds_pages(void) {
  struct quota *small = quota_create(quota, 5 * PAGE_SIZE);
  struct memory *memory, *copy;
  check_equal(memory_create(small, 100, 0, NULL, 0, 0, &memory), 0);
  void *page;
  uint64_t present = 0;
  while (present < 100 && memory_page(memory, present, MAP_WRITE, &page, &last_request) == PAGE_PRESENT)
    present++;
  check_equal(present, 4); // and the directory
  check_equal(memory_duplicate(memory, small, 0, &copy), -ENOMEM);
  check_equal(memory_duplicate(memory, quota, 0, &copy), 0);
  check_equal(memory_page(copy, 4, MAP_WRITE, &page, &last_request), PAGE_PRESENT);
  release(copy);
  struct memory *wired;
  check_equal(memory_create(small, 1ul << 40, MEMORY_WIRED, NULL, 0, 0, &wired), -ENOMEM);
  release(memory);
  check_equal(small->used, 0);
  quota_release(small);
}

static void wired_memory(void) {
  struct memory *memory, *copy;
  check_equal(memory_create(quota, 70, MEMORY_WIRED, pager, 0, 0, &memory), -EINVAL);
  check_equal(memory_create(quota, 70, MEMORY_WIRED, NULL, 0, 0, &memory), 0);
  check_equal(memory->resident, 70);
  for (unsigned i = 0; i < 70; i++)
    check_equal(memory_physical_address(memory, i), kernel_to_physical(page_of(memory, i, MAP_WRITE)));
  check_equal(memory_physical_address(memory, 70), -EINVAL);
  check_equal(memory_duplicate(memory, quota, 0, &copy), -EBUSY);
  check_equal(memory_resize(memory, 1), -EBUSY);
  struct memory *buffer = new_memory(1), *paged = new_paged_memory(1);
  check_equal(memory_evict(memory, 0, buffer, 0, 1), -EBUSY);
  check_equal(memory_supply(paged, 0, memory, 0), -EINVAL);
  check_equal(memory_supply(memory, 0, buffer, 0), -EINVAL);
  check_equal(memory_physical_address(buffer, 0), -EINVAL);
  release(buffer);
  release(paged);
  release(memory);
}

static void device_memory(void) {
  struct memory *memory, *other;
  uint64_t used = quota->used;
  check_equal(memory_create_device(quota, 0x10000000, 0x100, &memory), 0); // the serial port
  check_equal(memory->pages, 1);
  check_equal(memory_physical_address(memory, 0), 0x10000000);
  void *page;
  check_equal(memory_page(memory, 0, MAP_READ, &page, &last_request), PAGE_PROTECTED);
  check_equal(memory_duplicate(memory, quota, 0, &other), -EINVAL);
  check_equal(memory_resize(memory, 2), -EINVAL);
  struct page_info info;
  check_equal(memory_scan(memory, 0, &info, 1), 0);
  release(memory);
  check_equal(memory_create_device(quota, 0x81000000, 0x1800, &memory), 0); // the initrd
  check_equal(memory->pages, 2);
  page_of(memory, 1, MAP_READ);
  release(memory);
  check_equal(memory_create_device(quota, 0x81000000, 0x2001, &memory), -EINVAL); // what is behind it
  check_equal(memory_create_device(quota, 0x80200000, 0x1000, &memory), -EINVAL); // the kernel
  check_equal(memory_create_device(quota, 0x7ffff000, 0x2000, &memory), -EINVAL);
  check_equal(memory_create_device(quota, 0x10000001, 0x100, &memory), -EINVAL);
  check_equal(memory_create_device(quota, 0x10000000, 0, &memory), -EINVAL);
  check_equal(memory_create_device(quota, 0x10000000, UINT64_MAX, &memory), -EINVAL);
  check_equal(memory_create_device(quota, 1ul << 56, 0x1000, &memory), -EINVAL);
  check_equal(quota->used, used);
}

static void duplicates_share(void) {
  struct memory *original = new_memory(300);
  for (unsigned i = 0; i < 300; i += 3)
    *page_of(original, i, MAP_WRITE) = i + 1;
  uint64_t free_before = pmem_free_bytes(), used = quota->used, pages = original->resident;
  struct memory *copy, *third;
  check_equal(memory_duplicate(original, quota, 5, &copy), 0);
  check_equal(copy->tag, 5);
  check_equal(copy->resident, pages);
  check(quota->used - used >= pages * PAGE_SIZE); // both pay
  check(free_before - pmem_free_bytes() < 6 * PAGE_SIZE);
  check_equal(page_of(original, 3, MAP_READ), page_of(copy, 3, MAP_READ));
  check_equal(memory_duplicate(copy, quota, 6, &third), 0);
  check_equal(pmem_owners(page_of(third, 3, MAP_READ)), 3);
  used = quota->used;
  *page_of(copy, 3, MAP_WRITE) = 77;
  check_equal(quota->used, used); // it was paid for
  check_equal(*page_of(original, 3, MAP_READ), 4);
  check_equal(*page_of(third, 3, MAP_READ), 4);
  *page_of(original, 6, MAP_WRITE) = 88;
  check_equal(*page_of(copy, 6, MAP_READ), 7);
  check_equal(*page_of(third, 6, MAP_READ), 7);
  release(original);
  release(third);
  free_before = pmem_free_bytes();
  check_equal(pmem_owners(page_of(copy, 9, MAP_READ)), 1);
  *page_of(copy, 9, MAP_WRITE) = 99; // the last owner need not copy
  check_equal(pmem_free_bytes(), free_before);
  check_equal(*page_of(copy, 3, MAP_READ), 77);
  release(copy);
}

static void pagers(void) {
  struct memory *memory = new_paged_memory(100), *buffer = new_memory(10);
  void *page;
  check_equal(memory_page(memory, 5, MAP_WRITE, &page, &last_request), PAGE_REQUESTED);
  check(last_request.memory == memory);
  check_equal(last_request.page, 5);
  check_equal(last_request.access, MAP_WRITE);
  check_equal(last_request.token, 0);
  *page_of(buffer, 2, MAP_WRITE) = 1234;
  void *frame = page_of(buffer, 2, MAP_READ);
  uint64_t used = buffer->resident;
  check_equal(memory_supply(memory, 5, buffer, 2), 0);
  check_equal(buffer->resident, used - 1);
  check_equal(memory_supply(memory, 5, buffer, 2), -EBUSY);
  check_equal(page_of(memory, 5, MAP_READ), frame);
  check_equal(*page_of(buffer, 2, MAP_READ), 0); // a new page
  struct page_info info;
  check_equal(memory_scan(memory, 0, &info, 1), 1);
  check_equal(info.page, 5);
  check_equal(info.accessed, 1);
  check_equal(info.modified, 0);
  check_equal(memory_scan(memory, 0, &info, 1), 1);
  check_equal(info.accessed, 0);
  *page_of(memory, 5, MAP_WRITE) = 4321;
  check_equal(memory_scan(memory, 0, &info, 1), 1);
  check_equal(info.accessed, 1);
  check_equal(info.modified, 1);

  check_equal(memory_evict(memory, 5, buffer, 3, 0), -EINVAL);
  check_equal(memory_evict(memory, 5, buffer, 3, 1ul << 63), -EINVAL);
  check_equal(memory_evict(memory, 5, buffer, 10, 1), -EINVAL);
  check_equal(memory_evict(memory, 5, memory, 3, 1), -EINVAL);
  check_equal(memory_evict(memory, 6, buffer, 3, 1), -ENOENT);
  check_equal(memory_evict(memory, UINT64_MAX, buffer, 3, 1), -ENOENT);
  check_equal(memory_evict(buffer, 2, memory, 3, 1), -EINVAL);
  check_equal(memory_evict(memory, 5, buffer, 3, 0x7fffffffffffffff), 1); // modified
  check_equal(*page_of(buffer, 3, MAP_READ), 4321);
  check_equal(memory->resident, 0);
  check_equal(memory_page(memory, 5, MAP_READ, &page, &last_request), PAGE_REQUESTED);
  check_equal(last_request.token, 0x7fffffffffffffff);
  check_equal(memory_scan(memory, 0, &info, 1), 0);

  struct memory *copy;
  check_equal(memory_supply(memory, 7, buffer, 3), 0);
  check_equal(memory_duplicate(memory, quota, 9, &copy), 0);
  check_equal(memory_page(copy, 5, MAP_READ, &page, &last_request), PAGE_REQUESTED);
  check(last_request.memory == copy);
  check_equal(last_request.token, 0x7fffffffffffffff);
  check_equal(memory_scan(copy, 0, &info, 1), 1);
  check_equal(info.modified, 1);                          // no pager has seen the copy's page
  check_equal(memory_evict(memory, 7, buffer, 2, 11), 0); // shared; its place in the buffer was taken
  check_equal(*page_of(buffer, 2, MAP_READ), 4321);
  *page_of(buffer, 2, MAP_WRITE) = 1;
  check_equal(*page_of(copy, 7, MAP_READ), 4321);
  check_equal(memory_supply(copy, 200, buffer, 2), -EINVAL);
  check_equal(memory_supply(copy, 20, buffer, 11), -EINVAL);
  check_equal(memory_supply(copy, 20, copy, 7), -EINVAL);
  check_equal(memory_supply(copy, 20, memory, 7), -EINVAL);
  check_equal(memory_resize(memory, 1), 0);
  check_equal(memory_resize(memory, 100), 0);
  check_equal(memory_page(memory, 5, MAP_READ, &page, &last_request), PAGE_REQUESTED);
  check_equal(last_request.token, 0); // the token went with the page
  release(copy);
  release(memory);
  release(buffer);
}

const struct test object_tests[] = {
    {"nested quotas", nested_quotas, 1},
    {"closed quota", closed_quota, 1},
    {"pools", pools, 1},
    {"pages come when touched", pages_come_when_touched, 1},
    {"a quota bounds pages", quota_bounds_pages, 1},
    {"wired memory", wired_memory, 1},
    {"device memory", device_memory, 1},
    {"duplicates share", duplicates_share, 1},
    {"pagers", pagers, 1},
    {0},
};
