#include "space.h"
#include "census.h"
#include "lib/kernel.h"
#include "lib/space.h"
#include "process.h"
#include "server.h"
#include "user.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

// Pages of the core object: the stack, the arena of small mappings, data and heap.
#define STACK_PAGES   (STACK_BYTES / PAGE)
#define ARENA_PAGES   (1ul << 17)
#define CORE_ARENA    STACK_PAGES
#define CORE_DATA     (CORE_ARENA + ARENA_PAGES)
#define CORE_PAGES    (1ul << 18)
#define CORE_EXPECTED 64

#define STACK_BOTTOM (STACK_TOP - STACK_BYTES)
#define ARENA_BASE   (STACK_TOP + PAGE)
#define ARENA_END    (ARENA_BASE + ARENA_PAGES * PAGE)
#define LARGE_BASE   0x100000000ul // of mappings with an object of their own
#define LARGE_END    (SPACE_LIMIT - (1ul << 30))
#define LARGE_PAGES  256ul // from this size on

#define HEAP_STEP (16 * PAGE) // the heap is mapped by these

#define SPACE_QUOTA 0 // its page tables and areas are charged to this server

static handle_t trampoline_memory;

void space_init(void) {
  // addi a7, zero, 139 (SYS_rt_sigreturn); ecall
  static const uint32_t code[] = {0x08b00893, 0x00000073};
  int64_t memory = kernel_create_memory(1, MEMORY_WIRED, 0, 0);
  int64_t address = memory < 0 ? memory : space_map((handle_t)memory, 0, 1, MAP_READ | MAP_WRITE);
  if (address < 0)
    return;
  memcpy((void *)address, code, sizeof code);
  space_unmap((void *)address, 1);
  trampoline_memory = (handle_t)memory;
}

static uint32_t map_rights(uint32_t protection) {
  uint32_t rights = 0;
  if ((protection & (PROT_READ | PROT_WRITE)) != 0)
    rights |= MAP_READ;
  if ((protection & PROT_WRITE) != 0)
    rights |= MAP_WRITE;
  if ((protection & PROT_EXEC) != 0)
    rights |= MAP_EXECUTE | MAP_READ;
  return rights;
}

static uint64_t pages_of(const struct area *area) { return (area->end - area->start) / PAGE; }

// The index of the first area that ends behind an address.
static uint32_t area_index(const struct space *space, uint64_t address) {
  uint32_t low = 0, high = space->area_count;
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    if (space->areas[middle].end > address)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

struct area *space_find(struct space *space, uint64_t address) {
  uint32_t index = area_index(space, address);
  return index < space->area_count && space->areas[index].start <= address ? &space->areas[index] : NULL;
}

static bool is_free(const struct space *space, uint64_t start, uint64_t end) {
  uint32_t index = area_index(space, start);
  return index == space->area_count || space->areas[index].start >= end;
}

static bool reserve_areas(struct space *space, uint32_t more) {
  if (space->area_count + more <= space->area_capacity)
    return true;
  uint32_t capacity = space->area_capacity * 2 + more + 8;
  struct area *areas = realloc(space->areas, capacity * sizeof *areas);
  if (areas == NULL)
    return false;
  space->areas = areas;
  space->area_capacity = capacity;
  return true;
}

// There must be room for it.
static void insert_area(struct space *space, const struct area *area) {
  uint32_t index = area_index(space, area->start);
  memmove(&space->areas[index + 1], &space->areas[index],
          (space->area_count - index) * sizeof space->areas[0]);
  space->areas[index] = *area;
  space->area_count++;
}

// Cuts the area an address lies in, so that it begins one. There must be room for one more.
static void split(struct space *space, uint64_t address) {
  struct area *area = space_find(space, address);
  if (area == NULL || area->start == address)
    return;
  struct area upper = *area;
  upper.start = address;
  upper.first_page += (address - area->start) / PAGE;
  area->end = address;
  if (upper.backing != NULL)
    backing_retain(upper.backing);
  insert_area(space, &upper);
}

// Maps an area in the kernel's process and takes note of it. The reference to the backing is the area's, in
// case of an error too.
static int64_t add_area(struct space *space, const struct area *area) {
  int64_t error = 0;
  uint32_t rights = map_rights(area->protection);
  if (!reserve_areas(space, 1))
    error = -ENOMEM;
  else if (rights != 0 && area->backing != NULL)
    error = kernel_map((handle_t)space->handle, (handle_t)backing_handle(area->backing), area->start,
                       area->first_page, pages_of(area), rights);
  if (error < 0) {
    if (area->backing != NULL)
      backing_release(area->backing);
    return error;
  }
  insert_area(space, area);
  return 0;
}

// The arena.

static void give_extent(struct space *space, uint64_t page, uint64_t pages) {
  uint32_t index = 0;
  while (index < space->free_count && space->free[index].page < page)
    index++;
  struct extent *below = index > 0 ? &space->free[index - 1] : NULL;
  struct extent *above = index < space->free_count ? &space->free[index] : NULL;
  bool joins_below = below != NULL && below->page + below->pages == page;
  bool joins_above = above != NULL && page + pages == above->page;
  if (joins_below && joins_above) {
    below->pages += pages + above->pages;
    space->free_count--;
    memmove(above, above + 1, (space->free_count - index) * sizeof *above);
  } else if (joins_below) {
    below->pages += pages;
  } else if (joins_above) {
    above->page = page;
    above->pages += pages;
  } else {
    if (space->free_count == space->free_capacity) {
      uint32_t capacity = space->free_capacity * 2 + 8;
      struct extent *extents = realloc(space->free, capacity * sizeof *extents);
      if (extents == NULL)
        return; // never used again
      space->free = extents;
      space->free_capacity = capacity;
    }
    memmove(&space->free[index + 1], &space->free[index],
            (space->free_count - index) * sizeof space->free[0]);
    space->free[index] = (struct extent){page, pages};
    space->free_count++;
  }
}

static uint64_t arena_address(uint64_t page) { return ARENA_BASE + page * PAGE; }

// Chooses pages of the arena; *dirty tells whether they have been used before. Returns the first, or ~0.
static uint64_t take_extent(struct space *space, uint64_t pages, bool *dirty) {
  for (uint32_t i = 0; i < space->free_count; i++) {
    struct extent *extent = &space->free[i];
    uint64_t page = extent->page;
    // A fixed mapping may lie there.
    if (extent->pages < pages || !is_free(space, arena_address(page), arena_address(page + pages)))
      continue;
    extent->page += pages;
    extent->pages -= pages;
    if (extent->pages == 0) {
      space->free_count--;
      memmove(extent, extent + 1, (space->free_count - i) * sizeof *extent);
    }
    *dirty = true;
    return page;
  }
  *dirty = false;
  uint64_t page = space->arena_top;
  while (page + pages <= ARENA_PAGES && !is_free(space, arena_address(page), arena_address(page + pages)))
    page = (space->areas[area_index(space, arena_address(page))].end - ARENA_BASE) / PAGE;
  if (page + pages > ARENA_PAGES)
    return ~0ul;
  space->arena_top = page + pages;
  return page;
}

static bool is_arena_page(const struct space *space, const struct area *area) {
  return area->backing == space->core && area->first_page >= CORE_ARENA && area->first_page < CORE_DATA;
}

// Undoes mappings, whatever there is of them.
static int64_t unmap(struct space *space, uint64_t start, uint64_t end) {
  if (is_free(space, start, end))
    return 0;
  if (!reserve_areas(space, 2))
    return -ENOMEM;
  split(space, start);
  split(space, end);
  int64_t error = kernel_unmap((handle_t)space->handle, start, (end - start) / PAGE);
  if (error < 0)
    return error;
  uint32_t first = area_index(space, start), index = first;
  for (; index < space->area_count && space->areas[index].start < end; index++) {
    struct area *area = &space->areas[index];
    if (is_arena_page(space, area))
      give_extent(space, area->first_page - CORE_ARENA, pages_of(area));
    if (area->backing != NULL)
      backing_release(area->backing);
  }
  memmove(&space->areas[first], &space->areas[index], (space->area_count - index) * sizeof space->areas[0]);
  space->area_count -= index - first;
  return 0;
}

// Spaces.

struct space *space_create(const char *name, pid_t id) {
  struct space *space = calloc(1, sizeof *space);
  if (space == NULL)
    return NULL;
  struct process_start start = {
      .quota = SPACE_QUOTA,
      .system_call_endpoint = server_endpoint(),
      .fault_endpoint = server_endpoint(),
      .tag = CENSUS_TAG(id),
  };
  strncpy(start.name, name, sizeof start.name - 1);
  int64_t handle = kernel_create_process(&start);
  if (handle < 0) {
    free(space);
    return NULL;
  }
  space->references = 1;
  space->handle = (uint64_t)handle;
  return space;
}

static void forget_areas(struct space *space) {
  for (uint32_t i = 0; i < space->area_count; i++)
    if (space->areas[i].backing != NULL)
      backing_release(space->areas[i].backing);
  space->area_count = 0;
  if (space->core != NULL)
    backing_release(space->core);
  space->core = NULL;
  space->free_count = 0;
  space->arena_top = 0;
  space->data_start = space->break_start = space->break_end = space->break_highest = 0;
  space->break_mapped = 0;
  space->trampoline = 0;
}

void space_retain(struct space *space) { space->references++; }

uint64_t space_release(struct space *space) {
  if (--space->references > 0)
    return 0;
  struct end_info info = {0};
  kernel_end_process((handle_t)space->handle, 0);
  kernel_await_end((handle_t)space->handle, 0, &info);
  kernel_delete((handle_t)space->handle);
  forget_areas(space);
  free(space->areas);
  free(space->free);
  free(space);
  return info.ticks;
}

int64_t space_clear(struct space *space) {
  int64_t error = kernel_unmap((handle_t)space->handle, PAGE, SPACE_LIMIT / PAGE - 1);
  forget_areas(space);
  return error;
}

static struct backing *copy_of(const struct area *area) {
  struct backing *backing = area->backing;
  if (backing == NULL || area->shared) {
    if (backing != NULL)
      backing_retain(backing);
    return backing;
  }
  struct backing **copy = backing_copy(backing);
  if (*copy == NULL)
    *copy = backing_duplicate(backing);
  else
    backing_retain(*copy);
  return *copy;
}

// Maps runs of areas that look the same to the kernel, each with one call.
static int64_t map_all(struct space *space) {
  for (uint32_t i = 0; i < space->area_count;) {
    const struct area *first = &space->areas[i];
    uint64_t end = first->end;
    for (i++; i < space->area_count; i++) {
      const struct area *area = &space->areas[i];
      if (area->start != end || area->backing != first->backing || area->protection != first->protection ||
          area->first_page != first->first_page + (end - first->start) / PAGE)
        break;
      end = area->end;
    }
    uint32_t rights = map_rights(first->protection);
    if (rights == 0 || first->backing == NULL)
      continue;
    int64_t error = kernel_map((handle_t)space->handle, (handle_t)backing_handle(first->backing),
                               first->start, first->first_page, (end - first->start) / PAGE, rights);
    if (error < 0)
      return error;
  }
  return 0;
}

struct space *space_fork(struct space *space, const char *name, pid_t id) {
  struct space *child = space_create(name, id);
  if (child == NULL)
    return NULL;
  bool complete = reserve_areas(child, space->area_count);
  child->core = complete && space->core != NULL ? backing_duplicate(space->core) : NULL;
  if (child->core == NULL)
    complete = false;
  else
    *backing_copy(space->core) = child->core;
  for (uint32_t i = 0; complete && i < space->area_count; i++) {
    struct area area = space->areas[i];
    area.backing = copy_of(&area);
    complete = area.backing != NULL || space->areas[i].backing == NULL;
    if (complete)
      child->areas[child->area_count++] = area;
  }
  for (uint32_t i = 0; i < space->area_count; i++)
    if (space->areas[i].backing != NULL)
      *backing_copy(space->areas[i].backing) = NULL;
  if (space->core != NULL)
    *backing_copy(space->core) = NULL;
  if (complete && space->free_count > 0) {
    child->free = malloc(space->free_count * sizeof *child->free);
    complete = child->free != NULL;
    if (complete)
      memcpy(child->free, space->free, space->free_count * sizeof *child->free);
    child->free_count = child->free_capacity = complete ? space->free_count : 0;
  }
  child->data_start = space->data_start;
  child->break_start = space->break_start;
  child->break_end = space->break_end;
  child->break_mapped = space->break_mapped;
  child->break_highest = space->break_highest;
  child->arena_top = space->arena_top;
  child->trampoline = space->trampoline;
  if (complete && child->trampoline != 0)
    complete = kernel_map((handle_t)child->handle, trampoline_memory, child->trampoline, 0, 1,
                          MAP_READ | MAP_EXECUTE) == 0;
  if (!complete || map_all(child) < 0) {
    space_release(child);
    return NULL;
  }
  return child;
}

int64_t space_map_stack(struct space *space) {
  if (space->core == NULL && (space->core = backing_create(CORE_PAGES, CORE_EXPECTED)) == NULL)
    return -ENOMEM;
  backing_retain(space->core);
  struct area area = {.start = STACK_BOTTOM,
                      .end = STACK_TOP,
                      .protection = PROT_READ | PROT_WRITE,
                      .backing = space->core,
                      .name = "[stack]"};
  return add_area(space, &area);
}

static uint64_t data_page(const struct space *space, uint64_t address) {
  return CORE_DATA + (address - space->data_start) / PAGE;
}

int64_t space_map_data(struct space *space, uint64_t start, uint64_t end, uint32_t protection,
                       const char *name) {
  if (space->data_start == 0)
    space->data_start = start;
  if (start < space->data_start || data_page(space, end) > CORE_PAGES || end > STACK_BOTTOM ||
      !is_free(space, start, end))
    return -ENOMEM;
  backing_retain(space->core);
  struct area area = {.start = start,
                      .end = end,
                      .protection = protection,
                      .backing = space->core,
                      .first_page = data_page(space, start),
                      .name = name};
  return add_area(space, &area);
}

void space_set_break(struct space *space, uint64_t address) {
  if (space->data_start == 0)
    space->data_start = address;
  space->break_start = space->break_end = space->break_mapped = space->break_highest = address;
}

// Moves the end of the heap; where it is then.
uint64_t space_break(struct task *task, uint64_t address) {
  struct space *space = task->process->space;
  uint64_t wanted = (address + HEAP_STEP - 1) & ~(HEAP_STEP - 1);
  if (address < space->break_start || address > STACK_BOTTOM)
    return space->break_end;
  if (wanted > space->break_mapped) {
    // The last area grows if it is the heap's, so that all of it stays one.
    uint32_t index = area_index(space, space->break_mapped - 1);
    struct area *heap = index < space->area_count ? &space->areas[index] : NULL;
    bool grows = heap != NULL && heap->end == space->break_mapped && heap->name != NULL &&
                 strcmp(heap->name, "[heap]") == 0 && heap->protection == (PROT_READ | PROT_WRITE);
    if (!grows) {
      if (space_map_data(space, space->break_mapped, wanted, PROT_READ | PROT_WRITE, "[heap]") < 0)
        return space->break_end;
    } else {
      if (data_page(space, wanted) > CORE_PAGES || !is_free(space, space->break_mapped, wanted) ||
          kernel_map((handle_t)space->handle, (handle_t)backing_handle(space->core), space->break_mapped,
                     data_page(space, space->break_mapped), (wanted - space->break_mapped) / PAGE,
                     MAP_READ | MAP_WRITE) < 0)
        return space->break_end;
      heap->end = wanted;
    }
    space->break_mapped = wanted;
  }
  // What was given back and is taken again must be zero.
  uint64_t dirty_end = address < space->break_highest ? address : space->break_highest;
  if (dirty_end > space->break_end && clear_out(task, space->break_end, dirty_end - space->break_end) < 0)
    return space->break_end;
  if (address < space->break_end) {
    uint64_t unused = (address + HEAP_STEP - 1) & ~(HEAP_STEP - 1);
    if (unused < space->break_mapped && unused >= space->break_start &&
        unmap(space, unused, space->break_mapped) == 0)
      space->break_mapped = unused;
  }
  space->break_end = address;
  if (address > space->break_highest)
    space->break_highest = address;
  return address;
}

int64_t space_map_shared(struct space *space, struct backing *backing, uint64_t address, uint64_t first_page,
                         uint64_t pages, uint32_t protection, const char *name) {
  if (!is_free(space, address, address + pages * PAGE))
    return -ENOMEM;
  backing_retain(backing);
  struct area area = {.start = address,
                      .end = address + pages * PAGE,
                      .protection = protection,
                      .shared = true,
                      .backing = backing,
                      .first_page = first_page,
                      .name = name};
  return add_area(space, &area);
}

uint64_t space_trampoline(struct space *space) {
  uint64_t address = SPACE_LIMIT - 2 * PAGE;
  if (space->trampoline == 0 &&
      kernel_map((handle_t)space->handle, trampoline_memory, address, 0, 1, MAP_READ | MAP_EXECUTE) == 0)
    space->trampoline = address;
  return space->trampoline;
}

struct futex_key space_futex_key(struct space *space, uint64_t address, bool private) {
  struct area *area = private ? NULL : space_find(space, address);
  if (area != NULL && area->shared)
    return (struct futex_key){area->backing, area->first_page * PAGE + address - area->start};
  return (struct futex_key){space, address};
}

uint64_t space_pages(const struct space *space) {
  uint64_t pages = 0;
  for (uint32_t i = 0; i < space->area_count; i++)
    pages += pages_of(&space->areas[i]);
  return pages;
}

// Mapping at a process's wish.

static uint64_t large_address(struct space *space, uint64_t pages) {
  uint64_t address = LARGE_BASE;
  for (uint32_t i = area_index(space, LARGE_BASE); i < space->area_count; i++) {
    if (space->areas[i].start >= address + (pages + 1) * PAGE)
      break;
    address = space->areas[i].end + PAGE;
  }
  return address + pages * PAGE <= LARGE_END ? address : 0;
}

static int64_t map_own(struct space *space, uint64_t address, uint64_t pages, uint32_t protection,
                       bool shared) {
  struct area area = {
      .start = address, .end = address + pages * PAGE, .protection = protection, .shared = shared};
  // What nobody may touch gets memory when it is given rights.
  if (protection != PROT_NONE || shared) {
    area.backing = backing_create(pages, 0);
    if (area.backing == NULL)
      return -ENOMEM;
  }
  int64_t error = add_area(space, &area);
  return error < 0 ? error : (int64_t)address;
}

static int64_t map_in_arena(struct task *task, uint64_t pages, uint32_t protection) {
  struct space *space = task->process->space;
  bool dirty;
  uint64_t page = take_extent(space, pages, &dirty);
  if (page == ~0ul)
    return -ENOMEM;
  backing_retain(space->core);
  struct area area = {.start = arena_address(page),
                      .end = arena_address(page + pages),
                      .protection = dirty ? PROT_READ | PROT_WRITE : protection,
                      .backing = space->core,
                      .first_page = CORE_ARENA + page};
  int64_t error = add_area(space, &area);
  if (error < 0) {
    give_extent(space, page, pages);
    return error;
  }
  if (dirty) {
    error = clear_out(task, area.start, pages * PAGE);
    if (error == 0 && protection != area.protection)
      error = space_protect(space, area.start, area.end, protection);
    if (error < 0) {
      unmap(space, area.start, area.end);
      return -ENOMEM;
    }
  }
  return (int64_t)area.start;
}

int64_t space_map_anonymous(struct task *task, uint64_t hint, uint64_t pages, uint32_t protection,
                            bool shared, enum placement placement) {
  struct space *space = task->process->space;
  uint64_t end = hint + pages * PAGE;
  if (placement != ANYWHERE) {
    if (hint % PAGE != 0 || hint < PAGE || end > SPACE_LIMIT - 2 * PAGE || end < hint)
      return -EINVAL;
    if (placement == FIXED_IF_FREE && !is_free(space, hint, end))
      return -EEXIST;
    int64_t error = unmap(space, hint, end);
    return error < 0 ? error : map_own(space, hint, pages, protection, shared);
  }
  if (!shared && pages < LARGE_PAGES) {
    int64_t address = map_in_arena(task, pages, protection);
    if (address != -ENOMEM)
      return address;
  }
  uint64_t address = large_address(space, pages);
  return address == 0 ? -ENOMEM : map_own(space, address, pages, protection, shared);
}

int64_t space_unmap_range(struct space *space, uint64_t start, uint64_t end) {
  return unmap(space, start, end);
}

int64_t space_protect(struct space *space, uint64_t start, uint64_t end, uint32_t protection) {
  if (!reserve_areas(space, 2))
    return -ENOMEM;
  uint64_t at = start;
  for (uint32_t i = area_index(space, start);
       i < space->area_count && space->areas[i].start <= at && at < end; i++)
    at = space->areas[i].end;
  if (at < end)
    return -ENOMEM; // a hole
  split(space, start);
  split(space, end);
  for (uint32_t i = area_index(space, start); i < space->area_count && space->areas[i].start < end; i++) {
    struct area *area = &space->areas[i];
    uint32_t old = map_rights(area->protection), new = map_rights(protection);
    if (area->backing == NULL && new != 0) {
      area->backing = backing_create(pages_of(area), 0);
      area->first_page = 0;
      if (area->backing == NULL)
        return -ENOMEM;
    }
    int64_t error = 0;
    if (new == old)
      error = 0;
    else if (new == 0)
      error = kernel_unmap((handle_t)space->handle, area->start, pages_of(area));
    else if (old == 0)
      error = kernel_map((handle_t)space->handle, (handle_t)backing_handle(area->backing), area->start,
                         area->first_page, pages_of(area), new);
    else
      error = kernel_protect((handle_t)space->handle, area->start, pages_of(area), new);
    if (error < 0)
      return error == -EINVAL || error == -EPERM ? -EACCES : error;
    area->protection = protection;
  }
  return 0;
}

int64_t space_copy(handle_t from_process, uint64_t from, handle_t to_process, uint64_t to, uint64_t bytes) {
  // The kernel copies as much as it can do at once.
  while (bytes > 0) {
    int64_t copied = kernel_copy(from_process, from, to_process, to, bytes);
    if (copied <= 0)
      return -EFAULT;
    from += (uint64_t)copied;
    to += (uint64_t)copied;
    bytes -= (uint64_t)copied;
  }
  return 0;
}
