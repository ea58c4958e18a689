// Calls on memory objects and address spaces.

#include "call.h"
#include "channel.h"
#include "process.h"
#include "string.h"

#define COPIED_AT_ONCE  0x10000 // bytes, before others may use the kernel
#define SCANNED_AT_ONCE 128     // pages

#define MEMORY_RIGHTS (RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE | RIGHT_CONTROL | RIGHT_GRANT)

static struct memory *find_memory(struct thread *thread, uint64_t handle, uint32_t rights) {
  return call_object(thread, handle, OBJECT_MEMORY, rights);
}

static struct process *find_process(struct thread *thread, uint64_t handle, uint32_t rights) {
  struct process *process = call_object(thread, handle, OBJECT_PROCESS, rights);
  return process == NULL || process->ending ? NULL : process;
}

int64_t call_create_memory(struct thread *thread) {
  const struct trapframe *frame = &thread->trapframe;
  struct call_target pager;
  if (!call_target(thread, frame->a2, OBJECT_ENDPOINT, &pager))
    return -EBADF;
  if ((frame->a1 & ~(uint64_t)MEMORY_WIRED) != 0)
    return -EINVAL;
  struct memory *memory;
  int64_t error = memory_create(thread->process->quota, frame->a0, (uint32_t)frame->a1, pager.object,
                                pager.badge, frame->a3, &memory);
  return error < 0 ? error : call_publish(thread, memory, MEMORY_RIGHTS);
}

int64_t call_resize_memory(struct thread *thread) {
  struct memory *memory = find_memory(thread, thread->trapframe.a0, RIGHT_CONTROL);
  return memory == NULL ? -EBADF : memory_resize(memory, thread->trapframe.a1);
}

int64_t call_duplicate_memory(struct thread *thread) {
  struct memory *memory = find_memory(thread, thread->trapframe.a0, RIGHT_READ), *copy;
  if (memory == NULL)
    return -EBADF;
  int64_t error = memory_duplicate(memory, thread->process->quota, thread->trapframe.a1, &copy);
  return error < 0 ? error : call_publish(thread, copy, MEMORY_RIGHTS);
}

int64_t call_map(struct thread *thread) {
  const struct trapframe *frame = &thread->trapframe;
  struct process *process = find_process(thread, frame->a0, RIGHT_CONTROL);
  uint64_t rights = frame->a5;
  const struct capability *capability = capability_find(&thread->process->table, frame->a1, OBJECT_MEMORY, 0);
  if (process == NULL || capability == NULL)
    return -EBADF;
  // MAP_* and RIGHT_* are in the same order.
  uint64_t allowed = capability->rights / RIGHT_READ & (MAP_READ | MAP_WRITE | MAP_EXECUTE);
  if ((rights & ~allowed) != 0)
    return -EPERM;
  return address_space_map(&process->space, (struct memory *)capability->object, frame->a2, frame->a3,
                           frame->a4, rights, allowed);
}

int64_t call_unmap(struct thread *thread) {
  const struct trapframe *frame = &thread->trapframe;
  struct process *process = find_process(thread, frame->a0, RIGHT_CONTROL);
  return process == NULL ? -EBADF : address_space_unmap(&process->space, frame->a1, frame->a2);
}

int64_t call_protect(struct thread *thread) {
  const struct trapframe *frame = &thread->trapframe;
  struct process *process = find_process(thread, frame->a0, RIGHT_CONTROL);
  return process == NULL ? -EBADF : address_space_protect(&process->space, frame->a1, frame->a2, frame->a3);
}

// The address space of a process, or for handle 0 the caller's own.
static struct address_space *find_space(struct thread *thread, uint64_t handle, uint32_t rights) {
  if (handle == 0)
    return &thread->process->space;
  struct process *process = find_process(thread, handle, rights);
  return process == NULL ? NULL : &process->space;
}

int64_t call_copy(struct thread *thread) {
  const struct trapframe *frame = &thread->trapframe;
  struct address_space *from = find_space(thread, frame->a0, RIGHT_READ);
  struct address_space *to = find_space(thread, frame->a2, RIGHT_WRITE);
  if (from == NULL || to == NULL)
    return -EBADF;
  uint64_t bytes = frame->a4 < COPIED_AT_ONCE ? frame->a4 : COPIED_AT_ONCE, copied = 0;
  struct page_request request = {0};
  enum page_outcome outcome = address_space_copy(from, frame->a1, to, frame->a3, bytes, &copied, &request);
  return copied > 0 || outcome == PAGE_PRESENT ? (int64_t)copied : page_error(thread, outcome, &request);
}

// The memory object behind an address of the caller's, which it may write, and the page's number there.
static struct memory *find_own_page(struct thread *thread, uint64_t address, uint64_t *page) {
  struct region *region = address_space_find(&thread->process->space, address);
  if (region == NULL || address % PAGE_SIZE != 0 || (region->rights & MAP_WRITE) == 0)
    return NULL;
  *page = (address - region->start) / PAGE_SIZE + region->first_page;
  return region->memory;
}

// The object that a pager's call is about, and the page of its own that takes part. 0 or an error.
static int64_t find_exchange(struct thread *thread, struct memory **memory, struct memory **own,
                             uint64_t *own_page) {
  *memory = find_memory(thread, thread->trapframe.a0, RIGHT_CONTROL);
  *own = find_own_page(thread, thread->trapframe.a2, own_page);
  if (*memory == NULL)
    return -EBADF;
  return *own == NULL ? -EFAULT : 0;
}

int64_t call_supply_page(struct thread *thread) {
  uint64_t own_page;
  struct memory *memory, *own;
  int64_t error = find_exchange(thread, &memory, &own, &own_page);
  return error < 0 ? error : memory_supply(memory, thread->trapframe.a1, own, own_page);
}

int64_t call_evict_page(struct thread *thread) {
  const struct trapframe *frame = &thread->trapframe;
  uint64_t own_page;
  struct memory *memory, *own;
  int64_t error = find_exchange(thread, &memory, &own, &own_page);
  if (error < 0)
    return error;
  return frame->a3 == 0 ? -EINVAL : memory_evict(memory, frame->a1, own, own_page, frame->a3);
}

int64_t call_scan_memory(struct thread *thread) {
  const struct trapframe *frame = &thread->trapframe;
  struct memory *memory = find_memory(thread, frame->a0, RIGHT_CONTROL);
  if (memory == NULL)
    return -EBADF;
  static struct page_info pages[SCANNED_AT_ONCE]; // too many for the stack; under the lock there is one scan
  uint64_t most = frame->a3 < SCANNED_AT_ONCE ? frame->a3 : SCANNED_AT_ONCE;
  memset(pages, 0, sizeof pages);
  // Before anything is cleared: the result must arrive.
  int64_t error = call_copy_out(thread, frame->a2, pages, most * sizeof pages[0]);
  if (error != 0)
    return error;
  int64_t found = memory_scan(memory, frame->a1, pages, most);
  if (found > 0)
    error = call_copy_out(thread, frame->a2, pages, (uint64_t)found * sizeof pages[0]);
  return error != 0 ? error : found;
}

int64_t call_physical_address(struct thread *thread) {
  struct memory *memory = find_memory(thread, thread->trapframe.a0, RIGHT_CONTROL);
  return memory == NULL ? -EBADF : memory_physical_address(memory, thread->trapframe.a1);
}
