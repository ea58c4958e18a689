#pragma once
// Fences that one hart executes on behalf of another: fence.i and sfence.vma.

#include <stdbool.h>
#include <stdint.h>

enum fence_kind { FENCE_I, FENCE_VMA, FENCE_VMA_ASID };

struct fence {
  enum fence_kind kind;
  uint64_t start;
  // 0 and FENCE_EVERYTHING with start 0, and FENCE_EVERYTHING with any, mean the whole address space
  // (SBI 2.0, ch. 8).
  uint64_t bytes;
  // For FENCE_VMA_ASID.
  uint64_t asid;
};

#define FENCE_EVERYTHING UINT64_MAX

// Whether the fence's range ends within the address space.
bool fence_is_valid(const struct fence *fence);

// Executes a valid fence on every hart in the set that is not stopped, and returns when all have done so.
void fence_execute(uint32_t set, const struct fence *fence);

// Executes the fences that the harts in the set ask of the calling one.
void fence_serve(uint32_t senders);
