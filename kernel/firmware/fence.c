#include "fence.h"
#include "hart.h"
#include "ipi.h"

#define PAGE_BYTES 4096
// From so many pages on, refilling the whole TLB is cheaper than fencing page by page.
#define MAX_PAGES 64

static bool covers_everything(const struct fence *fence) {
  return fence->bytes == FENCE_EVERYTHING || (fence->start == 0 && fence->bytes == 0);
}

bool fence_is_valid(const struct fence *fence) {
  return covers_everything(fence) || fence->bytes == 0 || fence->start <= UINT64_MAX - (fence->bytes - 1);
}

static void fence_addresses(const struct fence *fence) {
  uint64_t offset = fence->start % PAGE_BYTES;
  uint64_t page = fence->start - offset;
  bool one_asid = fence->kind == FENCE_VMA_ASID;
  if (covers_everything(fence) || fence->bytes > MAX_PAGES * PAGE_BYTES - offset) {
    if (one_asid)
      __asm__ volatile("sfence.vma x0, %0" ::"r"(fence->asid) : "memory");
    else
      __asm__ volatile("sfence.vma" ::: "memory");
    return;
  }
  uint64_t pages = fence->bytes == 0 ? 0 : (offset + fence->bytes - 1) / PAGE_BYTES + 1;
  for (; pages > 0; pages--, page += PAGE_BYTES) {
    if (one_asid)
      __asm__ volatile("sfence.vma %0, %1" ::"r"(page), "r"(fence->asid) : "memory");
    else
      __asm__ volatile("sfence.vma %0, x0" ::"r"(page) : "memory");
  }
}

static void fence_here(const struct fence *fence) {
  if (fence->kind == FENCE_I)
    __asm__ volatile("fence.i" ::: "memory");
  else
    fence_addresses(fence);
}

void fence_serve(uint32_t senders) {
  uint32_t self = 1u << hart_id();
  for (unsigned sender = 0; senders != 0; sender++, senders >>= 1) {
    if ((senders & 1) == 0)
      continue;
    fence_here(&harts[sender].fence);
    atomic_fetch_and_explicit(&harts[sender].fence_awaited, ~self, memory_order_release);
  }
}

void fence_execute(uint32_t set, const struct fence *fence) {
  uint64_t id = hart_id();
  struct hart *self = &harts[id];
  uint32_t others = 0;
  // A stopped hart fences when it starts. One that is just starting may have done so already: it is asked.
  for (unsigned hart = 0; hart < MAX_HARTS; hart++)
    if ((set >> hart & 1) && hart != id && atomic_load(&harts[hart].state) != HART_STOPPED)
      others |= 1u << hart;

  self->fence = *fence;
  atomic_store_explicit(&self->fence_awaited, others, memory_order_release);
  for (unsigned hart = 0; hart < MAX_HARTS; hart++)
    if (others >> hart & 1)
      ipi_post(hart, IPI_FENCE(id));
  if (set >> id & 1)
    fence_here(fence);

  // Serve while waiting: two harts that fence each other wait for one another's answer.
  while (atomic_load_explicit(&self->fence_awaited, memory_order_acquire) != 0) {
    if (atomic_load_explicit(&self->inbox, memory_order_relaxed) != 0)
      ipi_serve();
    // Zihintpause's hint, by its encoding: an ordinary fence to harts without it.
    __asm__ volatile(".word 0x0100000f");
  }
}
