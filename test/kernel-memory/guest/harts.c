// Two harts: shootdown, and address spaces that move between them.

#include "harness.h"
#include "hart.h"
#include "pmem.h"
#include "string.h"

#define HERE  0x10000ul
#define THERE 0x2000000000ul

static struct address_space *space;
static struct memory *memory;

// What the second hart does.
static user_address other_address;
static uint64_t other_value;
static enum page_outcome other_outcome;

static void other_enters(void) { address_space_activate(space); }
static void other_leaves(void) { address_space_activate(NULL); }
static void other_loads(void) { other_outcome = load(other_address, &other_value); }
static void other_stores(void) { other_outcome = store(other_address, other_value); }
static void other_executes(void) { other_outcome = execute(other_address, &other_value); }

static uint64_t loaded_there(user_address address) {
  other_address = address;
  on_other_hart(other_loads);
  check_equal(other_outcome, PAGE_PRESENT);
  return other_value;
}

static enum page_outcome stored_there(user_address address, uint64_t value) {
  other_address = address;
  other_value = value;
  on_other_hart(other_stores);
  return other_outcome;
}

static void begin(uint64_t pages) {
  space = new_space();
  memory = new_memory(pages);
  map(space, memory, HERE);
  on_other_hart(other_enters);
}

static void end(void) {
  on_other_hart(other_leaves);
  end_space(space);
  release(memory);
}

static void revoking(void) {
  begin(100);
  for (unsigned i = 0; i < 100; i++)
    check_equal(stored_there(HERE + i * PAGE_SIZE, i), PAGE_PRESENT);
  uint64_t before = tlb_shootdowns();
  check_equal(address_space_unmap(space, HERE, 3), 0); // by page
  check_equal(tlb_shootdowns(), before + 1);
  for (unsigned i = 0; i < 3; i++) {
    other_address = HERE + i * PAGE_SIZE;
    on_other_hart(other_loads);
    check_equal(other_outcome, PAGE_NO_REGION);
  }
  check_equal(address_space_protect(space, HERE + 3 * PAGE_SIZE, 2, MAP_READ), 0);
  check_equal(stored_there(HERE + 3 * PAGE_SIZE, 1), PAGE_PROTECTED);
  check_equal(loaded_there(HERE + 3 * PAGE_SIZE), 3);
  check_equal(address_space_protect(space, HERE + 3 * PAGE_SIZE, 2, MAP_READ | MAP_WRITE), 0);
  check_equal(stored_there(HERE + 3 * PAGE_SIZE, 33), PAGE_PRESENT);
  check_equal(memory_resize(memory, 20), 0); // by address space
  other_address = HERE + 99 * PAGE_SIZE;
  on_other_hart(other_loads);
  check_equal(other_outcome, PAGE_NO_REGION);
  check_equal(loaded_there(HERE + 3 * PAGE_SIZE), 33);
  before = tlb_shootdowns();
  check_equal(address_space_unmap(space, HERE + 50 * PAGE_SIZE, 10), 0); // nothing is there
  check_equal(tlb_shootdowns(), before);
  on_other_hart(other_leaves);
  check_equal(address_space_unmap(space, HERE, 10), 0); // nobody is there
  check_equal(tlb_shootdowns(), before);
  on_other_hart(other_enters);
  other_address = HERE + 3 * PAGE_SIZE;
  on_other_hart(other_loads);
  check_equal(other_outcome, PAGE_NO_REGION);
  check_equal(loaded_there(HERE + 10 * PAGE_SIZE), 10);
  end();
}

static void sharing(void) {
  begin(20);
  address_space_activate(space); // both harts are in it
  struct memory *copy;
  for (unsigned i = 0; i < 20; i++) {
    check_equal(store(HERE + i * PAGE_SIZE, i), PAGE_PRESENT);
    check_equal(loaded_there(HERE + i * PAGE_SIZE), i);
    check_equal(stored_there(HERE + i * PAGE_SIZE, i), PAGE_PRESENT);
  }
  check_equal(memory_duplicate(memory, quota, 0, &copy), 0);
  for (unsigned i = 0; i < 20; i++) {
    check_equal(loaded_there(HERE + i * PAGE_SIZE), i);
    check_equal(store(HERE + i * PAGE_SIZE, 100 + i), PAGE_PRESENT); // another page from now on
    check_equal(loaded_there(HERE + i * PAGE_SIZE), 100 + i);
    check_equal(stored_there(HERE + i * PAGE_SIZE, 200 + i), PAGE_PRESENT);
    check_equal(loaded(HERE + i * PAGE_SIZE), 200 + i);
  }
  void *page;
  for (unsigned i = 0; i < 20; i++) {
    check_equal(memory_page(copy, i, MAP_READ, &page, &last_request), PAGE_PRESENT);
    check_equal(*(uint64_t *)page, i);
  }
  release(copy);
  end();
}

static void paging(void) {
  begin(1);
  struct memory *paged = new_paged_memory(4), *buffer = new_memory(4);
  struct page_info info;
  uint64_t value;
  map(space, paged, THERE);
  map(space, buffer, THERE + 0x10000);
  address_space_activate(space);
  check_equal(stored_there(THERE + 0x10000, 5), PAGE_PRESENT);
  check_equal(memory_supply(paged, 1, buffer, 0), 0);
  check_equal(loaded_there(THERE + 0x10000), 0); // not the page that was there
  check_equal(stored_there(THERE + 0x10000, 6), PAGE_PRESENT);
  check_equal(loaded_there(THERE + PAGE_SIZE), 5);
  check_equal(memory_scan(paged, 1, &info, 1), 1);
  check_equal(memory_scan(paged, 1, &info, 1), 1);
  check_equal(info.accessed, 0);
  check_equal(loaded_there(THERE + PAGE_SIZE), 5); // sets A again only because its TLB was flushed
  check_equal(memory_scan(paged, 1, &info, 1), 1);
  check_equal(info.accessed, 1);
  check_equal(info.modified, 0);
  check_equal(stored_there(THERE + PAGE_SIZE, 7), PAGE_PRESENT);
  check_equal(memory_evict(paged, 1, buffer, 0, 1), 1);
  other_address = THERE + PAGE_SIZE;
  on_other_hart(other_loads);
  check_equal(other_outcome, PAGE_REQUESTED);
  check_equal(loaded_there(THERE + 0x10000), 7);
  check_equal(load(THERE + 0x10000, &value), PAGE_PRESENT);
  check_equal(value, 7);
  on_other_hart(other_leaves);
  end_space(space);
  release(paged);
  release(buffer);
  release(memory);
}

static void put_code(user_address address, const char *code) {
  uint64_t word;
  memcpy(&word, code, CODE_BYTES);
  check_equal(store(address, word), PAGE_PRESENT);
}

static void execution(void) {
  begin(2);
  uint64_t value;
  check_equal(address_space_map(space, memory, THERE, 0, 2, MAP_READ | MAP_EXECUTE, 7), 0);
  address_space_activate(space);
  for (unsigned i = 0; i < 6; i++) {
    put_code(HERE, i % 2 == 0 ? code_one : code_two);
    if (i >= 4) // it comes back when the code has changed
      on_other_hart(other_enters);
    other_address = THERE;
    if (i % 3 == 0)
      check_equal(execute(THERE, &value), PAGE_PRESENT);
    on_other_hart(other_executes);
    check_equal(other_outcome, PAGE_PRESENT);
    check_equal(other_value, i % 2 + 1);
    check_equal(execute(THERE, &value), PAGE_PRESENT);
    check_equal(value, i % 2 + 1);
    if (i >= 3)
      on_other_hart(other_leaves);
  }
  end();
}

// The other hart waits for the lock, with interrupts off, while it is asked to fence.
static void waiting_for_the_lock(void) {
  begin(10);
  address_space_activate(space);
  for (unsigned i = 0; i < 10; i++) {
    check_equal(loaded_there(HERE + i % 5 * PAGE_SIZE), 0);
    other_address = HERE + (5 + i % 5) * PAGE_SIZE; // faults there for the first time
    start_on_other_hart(other_loads);
    check_equal(address_space_unmap(space, HERE + 5 * PAGE_SIZE, 5), 0);
    await_other_hart();
    check_equal(other_outcome, PAGE_NO_REGION);
    check_equal(address_space_map(space, memory, HERE + 5 * PAGE_SIZE, 5, 5, MAP_READ | MAP_WRITE, 7), 0);
    check_equal(loaded_there(other_address), 0);
  }
  end();
}

static struct address_space *spaces[10];
static struct memory *memories[10];

static void fill_spaces(void) {
  for (unsigned i = 0; i < 10; i++) {
    spaces[i] = new_space();
    memories[i] = new_memory(1);
    map(spaces[i], memories[i], HERE);
    address_space_activate(spaces[i]);
    check_equal(store(HERE, i), PAGE_PRESENT);
  }
}

static void end_spaces(void) {
  for (unsigned i = 0; i < 10; i++) {
    end_space(spaces[i]);
    release(memories[i]);
  }
}

// The other hart uses up generations of ASIDs while this one stays under an old one.
static void old_generation_here(void) {
  begin(2);
  address_space_activate(space);
  check_equal(store(HERE, 11), PAGE_PRESENT);
  check_equal(store(HERE + PAGE_SIZE, 22), PAGE_PRESENT);
  on_other_hart(fill_spaces);
  on_other_hart(other_enters); // it has a new one for the space
  check_equal(loaded_there(HERE), 11);
  uint64_t value;
  check_equal(loaded(HERE), 11);
  check_equal(address_space_unmap(space, HERE, 1), 0);
  check_equal(load(HERE, &value), PAGE_NO_REGION);
  check_equal(loaded(HERE + PAGE_SIZE), 22);
  end_spaces();
  end();
}

// This hart uses up generations of ASIDs while the other stays under an old one.
static void old_generation_there(void) {
  begin(3);
  check_equal(stored_there(HERE, 11), PAGE_PRESENT);
  check_equal(stored_there(HERE + PAGE_SIZE, 22), PAGE_PRESENT);
  fill_spaces();
  check_equal(loaded_there(HERE), 11);
  address_space_activate(space); // now under a new ASID here, and the old one there
  check_equal(loaded(HERE), 11);
  check_equal(address_space_unmap(space, HERE, 1), 0);
  other_address = HERE;
  on_other_hart(other_loads);
  check_equal(other_outcome, PAGE_NO_REGION);
  check_equal(loaded_there(HERE + PAGE_SIZE), 22);
  check_equal(loaded_there(HERE + 2 * PAGE_SIZE), 0); // faults under the old one
  on_other_hart(other_enters);                        // takes up the new one
  check_equal(loaded_there(HERE + PAGE_SIZE), 22);
  check_equal(address_space_unmap(space, HERE + PAGE_SIZE, 1), 0);
  other_address = HERE + PAGE_SIZE;
  on_other_hart(other_loads);
  check_equal(other_outcome, PAGE_NO_REGION);
  struct address_space *mine = space;
  for (unsigned i = 0; i < 30; i++) { // the same spaces on both harts by turns
    space = spaces[i * 7 % 10];
    on_other_hart(other_enters);
    check_equal(loaded_there(HERE), i * 7 % 10);
    address_space_activate(spaces[i * 3 % 10]);
    check_equal(loaded(HERE), i * 3 % 10);
  }
  space = mine;
  on_other_hart(other_leaves);
  end_spaces();
  end();
}

const struct test hart_tests[] = {
    {"revoking", revoking, 2},
    {"sharing", sharing, 2},
    {"paging on two harts", paging, 2},
    {"execution on two harts", execution, 2},
    {"waiting for the lock", waiting_for_the_lock, 2},
    {"old generation here", old_generation_here, 2},
    {"old generation there", old_generation_there, 2},
    {0},
};
