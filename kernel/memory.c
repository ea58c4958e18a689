#include "memory.h"
#include "address_space.h"
#include "pmem.h"
#include "pool.h"
#include "tlb.h"

// The directory is a tree whose nodes have 64 slots: those of the lowest level describe pages, the others
// point at nodes. It is as high as its last page needs it, and what is empty is not there. A page's slot is
// 0, if it has never been there; its token << 1, if it was evicted; or its physical address, and:
#define PRESENT   1ul
#define ACCESSED  2ul // since the last scan, as far as page tables do not say so any more
#define MODIFIED  4ul // since it was supplied, likewise
#define FETCHABLE 8ul // may be executable in page tables, and is writable in none

#define SLOT_BITS 6
#define SLOTS     (1u << SLOT_BITS)

struct page_directory {
  uint64_t slots[SLOTS];
};

static struct pool directories = POOL(sizeof(struct page_directory));

static struct quota *quota_of(const struct memory *memory) { return memory->object.quota; }

static bool is_wired(const struct memory *memory) { return (memory->flags & MEMORY_WIRED) != 0; }

// Pages that come and go as the object's holder pleases.
static bool is_anonymous(const struct memory *memory) {
  return !memory->device && !is_wired(memory) && memory->pager == NULL;
}

static struct page_directory *create_node(struct quota *quota) { return quota_allocate(quota, &directories); }

static void free_node(struct page_directory *node, struct quota *quota) {
  quota_free(quota, &directories, node);
}

static void *slot_page(uint64_t slot) { return physical_to_kernel(page_down(slot)); }

static struct page_directory *slot_node(uint64_t slot) { return (struct page_directory *)slot; }

static unsigned slot_index(uint64_t page, unsigned level) { return page >> SLOT_BITS * level & (SLOTS - 1); }

static bool is_covered(const struct memory *memory, uint64_t page) {
  return page >> SLOT_BITS * memory->levels == 0;
}

// NULL if the directory has no such slot.
static uint64_t *find_slot(const struct memory *memory, uint64_t page) {
  if (!is_covered(memory, page))
    return NULL;
  struct page_directory *node = memory->directory;
  for (unsigned level = memory->levels; node != NULL;) {
    uint64_t *slot = &node->slots[slot_index(page, --level)];
    if (level == 0)
      return slot;
    node = slot_node(*slot);
  }
  return NULL;
}

// Makes the tree as high as `page` needs it.
static bool grow_tree(struct memory *memory, uint64_t page) {
  while (!is_covered(memory, page)) {
    if (memory->directory != NULL) {
      struct page_directory *root = create_node(quota_of(memory));
      if (root == NULL)
        return false;
      root->slots[0] = (uint64_t)memory->directory;
      memory->directory = root;
    }
    memory->levels++;
  }
  return true;
}

// NULL if memory or the quota is exhausted.
static uint64_t *make_slot(struct memory *memory, uint64_t page) {
  if (memory->levels == 0)
    memory->levels = 1;
  if (!grow_tree(memory, page))
    return NULL;
  if (memory->directory == NULL)
    memory->directory = create_node(quota_of(memory));
  struct page_directory *node = memory->directory;
  for (unsigned level = memory->levels; node != NULL;) {
    uint64_t *slot = &node->slots[slot_index(page, --level)];
    if (level == 0)
      return slot;
    if (*slot == 0)
      *slot = (uint64_t)create_node(quota_of(memory));
    node = slot_node(*slot);
  }
  return NULL;
}

// The first slot from *page on that is not 0, and sets *page to that page's number; NULL if there is none.
static uint64_t *next_slot(const struct memory *memory, uint64_t *page) {
  uint64_t at = *page;
  while (memory->directory != NULL && is_covered(memory, at)) {
    struct page_directory *node = memory->directory;
    unsigned level = memory->levels - 1;
    uint64_t *slot;
    while (*(slot = &node->slots[slot_index(at, level)]) != 0 && level > 0) {
      node = slot_node(*slot);
      level--;
    }
    if (*slot != 0) {
      *page = at;
      return slot;
    }
    at = ((at >> SLOT_BITS * level) + 1) << SLOT_BITS * level;
  }
  return NULL;
}

// Frees the page of a slot, if there is one.
static void empty_slot(struct memory *memory, uint64_t *slot) {
  if ((*slot & PRESENT) != 0) {
    pmem_free(slot_page(*slot));
    memory->resident--;
  }
  *slot = 0;
}

// Frees what a node has from its `first`th page on. Returns whether the node has gone, too.
static bool cut(struct memory *memory, struct page_directory *node, unsigned level, uint64_t first) {
  unsigned index = slot_index(first, level);
  for (unsigned i = index; i < SLOTS; i++) {
    uint64_t *slot = &node->slots[i];
    if (*slot == 0)
      continue;
    if (level == 0)
      empty_slot(memory, slot);
    else if (cut(memory, slot_node(*slot), level - 1, i == index ? first : 0))
      *slot = 0;
  }
  for (unsigned i = 0; i < SLOTS; i++) {
    if (node->slots[i] != 0)
      return false;
  }
  free_node(node, quota_of(memory));
  return true;
}

// Frees all pages from `first` on. No page table may show them.
static void cut_all(struct memory *memory, uint64_t first) {
  uint64_t before = memory->resident;
  if (memory->directory != NULL && is_covered(memory, first) &&
      cut(memory, memory->directory, memory->levels - 1, first))
    memory->directory = NULL;
  quota_uncharge(quota_of(memory), (before - memory->resident) * PAGE_SIZE);
  if (memory->directory == NULL)
    memory->levels = 0;
}

// Makes a page that has never been there. Returns its slot, or NULL if memory or the quota is exhausted.
static uint64_t *make_page(struct memory *memory, uint64_t page_number) {
  uint64_t *slot = make_slot(memory, page_number);
  void *page = slot == NULL ? NULL : quota_allocate_page(quota_of(memory));
  if (page == NULL)
    return NULL;
  *slot = kernel_to_physical(page) | PRESENT;
  memory->resident++;
  return slot;
}

int64_t memory_create(struct quota *quota, uint64_t pages, uint32_t flags, struct channel *pager,
                      uint64_t pager_badge, uint64_t tag, struct memory **created) {
  bool wired = (flags & MEMORY_WIRED) != 0;
  if (pages > MEMORY_MOST_PAGES || (flags & ~MEMORY_WIRED) != 0 || (wired && pager != NULL))
    return -EINVAL;
  struct memory *memory = object_create(OBJECT_MEMORY, quota);
  if (memory == NULL)
    return -ENOMEM;
  memory->pages = pages;
  memory->flags = flags;
  memory->tag = tag;
  memory->pager = pager;
  memory->pager_badge = pager_badge;
  if (pager != NULL)
    object_retain((struct object *)pager);
  for (uint64_t page = 0; wired && page < pages; page++) {
    if (make_page(memory, page) == NULL) {
      object_release(&memory->object);
      return -ENOMEM;
    }
  }
  *created = memory;
  return 0;
}

int64_t memory_create_device(struct quota *quota, physical_address start, uint64_t bytes,
                             struct memory **created) {
  struct fdt_range range = {start, page_up(bytes)};
  // Physical addresses have 56 bits.
  if (start % PAGE_SIZE != 0 || bytes == 0 || start >> 56 != 0 || bytes > (1ul << 56) - start ||
      !pmem_is_foreign(range))
    return -EINVAL;
  struct memory *memory = object_create(OBJECT_MEMORY, quota);
  if (memory == NULL)
    return -ENOMEM;
  memory->device = true;
  memory->physical = start;
  memory->pages = range.bytes / PAGE_SIZE;
  *created = memory;
  return 0;
}

void memory_destroy(struct memory *memory) {
  cut_all(memory, 0);
  if (memory->pager != NULL)
    object_release((struct object *)memory->pager);
}

// Copies a node and all below it to *copied, which belongs to `copy`. False if memory is exhausted: a part is
// there then.
static bool copy_node(const struct page_directory *node, unsigned level, struct memory *copy,
                      struct page_directory **copied) {
  struct page_directory *new = create_node(quota_of(copy));
  *copied = new;
  if (new == NULL)
    return false;
  for (unsigned i = 0; i < SLOTS; i++) {
    uint64_t slot = node->slots[i];
    if (slot == 0)
      continue;
    if (level > 0) {
      struct page_directory *lower;
      bool complete = copy_node(slot_node(slot), level - 1, copy, &lower);
      new->slots[i] = (uint64_t)lower;
      if (!complete)
        return false;
    } else {
      // The pager has never seen this object's page: for it, it is a modified one.
      new->slots[i] = slot;
      if ((slot & PRESENT) != 0) {
        new->slots[i] |= MODIFIED;
        pmem_share(slot_page(slot));
        copy->resident++;
      }
    }
  }
  return true;
}

int64_t memory_duplicate(struct memory *memory, struct quota *quota, uint64_t tag, struct memory **created) {
  if (memory->device)
    return -EINVAL;
  if (is_wired(memory))
    return -EBUSY;
  struct memory *copy;
  int64_t error =
      memory_create(quota, memory->pages, memory->flags, memory->pager, memory->pager_badge, tag, &copy);
  if (error < 0)
    return error;
  copy->levels = memory->levels;
  uint64_t pages_bytes = memory->resident * PAGE_SIZE;
  if (!quota_charge(quota, pages_bytes)) {
    object_release(&copy->object);
    return -ENOMEM;
  }
  if (memory->directory != NULL &&
      !copy_node(memory->directory, memory->levels - 1, copy, &copy->directory)) {
    quota_uncharge(quota, pages_bytes - copy->resident * PAGE_SIZE);
    object_release(&copy->object);
    return -ENOMEM;
  }
  regions_of_memory_withdraw(memory, 0, memory->pages, true);
  *created = copy;
  return 0;
}

int64_t memory_resize(struct memory *memory, uint64_t pages) {
  if (memory->device || pages > MEMORY_MOST_PAGES)
    return -EINVAL;
  if (is_wired(memory))
    return -EBUSY;
  if (pages < memory->pages) {
    regions_of_memory_withdraw(memory, pages, memory->pages, false);
    cut_all(memory, pages);
  }
  memory->pages = pages;
  return 0;
}

// Makes a page that other objects own, too, this object's own. False if memory is out. It is charged already.
static bool break_sharing(struct memory *memory, uint64_t page_number, uint64_t *slot) {
  void *shared = slot_page(*slot);
  void *copy = pmem_allocate_copy(shared); // nobody can write to the page while it is shared
  if (copy == NULL)
    return false;
  regions_of_memory_withdraw(memory, page_number, page_number + 1, false);
  *slot = kernel_to_physical(copy) | PRESENT;
  pmem_free(shared);
  return true;
}

// Makes the page fit for an access: its own for writing, and no page at once writable and executable.
static bool prepare(struct memory *memory, uint64_t page_number, uint64_t access, uint64_t *slot) {
  if (access == MAP_WRITE) {
    if (pmem_owners(slot_page(*slot)) > 1) {
      if (!break_sharing(memory, page_number, slot))
        return false;
    } else if ((*slot & FETCHABLE) != 0) {
      regions_of_memory_withdraw(memory, page_number, page_number + 1, false);
      *slot &= ~FETCHABLE;
    }
    *slot |= MODIFIED;
  } else if (access == MAP_EXECUTE && (*slot & FETCHABLE) == 0) {
    regions_of_memory_withdraw(memory, page_number, page_number + 1, true);
    tlb_fence_instructions();
    *slot |= FETCHABLE;
  }
  *slot |= ACCESSED;
  return true;
}

// The slot of a page, made present and fit for an access.
static enum page_outcome resolve_slot(struct memory *memory, uint64_t page_number, uint64_t access,
                                      uint64_t **found, struct page_request *request) {
  uint64_t *slot = find_slot(memory, page_number);
  if (memory->pager != NULL) // who may know where to get memory, if there is none
    *request = (struct page_request){memory, page_number, access, NO_MEMORY_TOKEN};
  if (slot == NULL || (*slot & PRESENT) == 0) {
    if (memory->pager != NULL) {
      uint64_t token = slot == NULL ? 0 : *slot >> 1;
      *request = (struct page_request){memory, page_number, access, token};
      return PAGE_REQUESTED;
    }
    slot = make_page(memory, page_number);
    if (slot == NULL)
      return PAGE_NO_MEMORY;
  }
  *found = slot;
  return prepare(memory, page_number, access, slot) ? PAGE_PRESENT : PAGE_NO_MEMORY;
}

enum page_outcome memory_resolve(struct memory *memory, uint64_t page_number, uint64_t access,
                                 physical_address *where, uint64_t *rights, struct page_request *request) {
  if (page_number >= memory->pages)
    return PAGE_NO_REGION;
  if (memory->device) {
    *where = memory->physical + page_number * PAGE_SIZE;
    *rights = VM_READ | VM_WRITE;
    return access == MAP_EXECUTE ? PAGE_PROTECTED : PAGE_PRESENT;
  }
  uint64_t *slot;
  enum page_outcome outcome = resolve_slot(memory, page_number, access, &slot, request);
  if (outcome != PAGE_PRESENT)
    return outcome;
  *where = page_down(*slot);
  if ((*slot & FETCHABLE) != 0)
    *rights = VM_READ | VM_EXECUTE;
  else
    *rights = pmem_owners(slot_page(*slot)) > 1 ? VM_READ : VM_READ | VM_WRITE;
  return PAGE_PRESENT;
}

enum page_outcome memory_page(struct memory *memory, uint64_t page_number, uint64_t access, void **page,
                              struct page_request *request) {
  physical_address where;
  uint64_t rights;
  enum page_outcome outcome = memory_resolve(memory, page_number, access, &where, &rights, request);
  if (outcome != PAGE_PRESENT)
    return outcome;
  // The kernel has no mapping of device registers, and reading some has effects.
  if (memory->device && !pmem_is_ram((struct fdt_range){where, PAGE_SIZE}))
    return PAGE_PROTECTED;
  *page = physical_to_kernel(where);
  return PAGE_PRESENT;
}

void memory_note(struct memory *memory, uint64_t page_number, uint64_t bits) {
  if (memory->pager == NULL)
    return;
  uint64_t *slot = find_slot(memory, page_number);
  if ((bits & VM_ACCESSED) != 0)
    *slot |= ACCESSED;
  if ((bits & VM_DIRTY) != 0)
    *slot |= MODIFIED;
}

// Takes a page out of `memory` and all address spaces, and leaves `rest` in its slot. Returns it.
static uint64_t take_page(struct memory *memory, uint64_t page_number, uint64_t *slot, uint64_t rest) {
  regions_of_memory_withdraw(memory, page_number, page_number + 1, false);
  uint64_t taken = *slot;
  *slot = rest;
  memory->resident--;
  quota_uncharge(quota_of(memory), PAGE_SIZE);
  return taken;
}

int64_t memory_supply(struct memory *memory, uint64_t page, struct memory *from, uint64_t from_page) {
  if (memory->device || is_wired(memory) || page >= memory->pages || !is_anonymous(from) || from == memory ||
      from_page >= from->pages)
    return -EINVAL;
  uint64_t *slot = make_slot(memory, page), *source;
  if (slot == NULL)
    return -ENOMEM;
  if ((*slot & PRESENT) != 0)
    return -EBUSY;
  if (!quota_charge(quota_of(memory), PAGE_SIZE))
    return -ENOMEM;
  // For writing, so that it belongs to no other object.
  if (resolve_slot(from, from_page, MAP_WRITE, &source, NULL) != PAGE_PRESENT) {
    quota_uncharge(quota_of(memory), PAGE_SIZE);
    return -ENOMEM;
  }
  *slot = page_down(take_page(from, from_page, source, 0)) | PRESENT | ACCESSED;
  memory->resident++;
  return 0;
}

int64_t memory_evict(struct memory *memory, uint64_t page, struct memory *to, uint64_t to_page,
                     uint64_t token) {
  if (memory->device || !is_anonymous(to) || to == memory || to_page >= to->pages || token == 0 ||
      token >> 63 != 0)
    return -EINVAL;
  if (is_wired(memory))
    return -EBUSY;
  if (memory->pager == NULL)
    return -EINVAL;
  uint64_t *slot = find_slot(memory, page);
  if (slot == NULL || (*slot & PRESENT) == 0)
    return -ENOENT;
  uint64_t *target = make_slot(to, to_page);
  if (target == NULL || !quota_charge(quota_of(to), PAGE_SIZE))
    return -ENOMEM;
  if ((*target & PRESENT) != 0)
    pmem_free(slot_page(take_page(to, to_page, target, 0)));
  uint64_t taken = take_page(memory, page, slot, token << 1);
  *target = page_down(taken) | PRESENT | ACCESSED;
  to->resident++;
  return (taken & MODIFIED) != 0;
}

int64_t memory_scan(struct memory *memory, uint64_t first, struct page_info *info, uint64_t count) {
  uint64_t found = 0, *slot;
  for (uint64_t page = first; found < count && (slot = next_slot(memory, &page)) != NULL; page++) {
    if ((*slot & PRESENT) == 0)
      continue;
    info[found++] = (struct page_info){page, (*slot & ACCESSED) != 0, (*slot & MODIFIED) != 0};
    *slot &= ~ACCESSED;
  }
  regions_of_memory_scan(memory, info, found);
  return (int64_t)found;
}

int64_t memory_physical_address(struct memory *memory, uint64_t page) {
  if (page >= memory->pages || (!memory->device && !is_wired(memory)))
    return -EINVAL;
  if (memory->device)
    return (int64_t)(memory->physical + page * PAGE_SIZE);
  return (int64_t)page_down(*find_slot(memory, page));
}
