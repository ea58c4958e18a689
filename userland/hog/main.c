// Takes memory, a MiB at a time, and checks that what it wrote is there. Without a limit it goes on until
// there is none.

#include "print.h"
#include "program.h"
#include "string.h"
#include "system.h"

#define MEBIBYTE 0x100000

static bool take_mebibyte(uint64_t number) {
  int64_t start = grow_heap(MEBIBYTE);
  if (start < 0) {
    print("hog: after %lu MiB: %s\n", number, error_text(start));
    return false;
  }
  for (int64_t offset = 0; offset < MEBIBYTE; offset += 4096)
    *(volatile uint64_t *)(start + offset) = number << 32 | (uint64_t)offset;
  return true;
}

static bool check(int64_t heap, uint64_t mebibytes) {
  for (uint64_t number = 0; number < mebibytes; number++) {
    for (int64_t offset = 0; offset < MEBIBYTE; offset += 4096) {
      int64_t address = heap + (int64_t)number * MEBIBYTE + offset;
      if (*(volatile uint64_t *)address != (number << 32 | (uint64_t)offset)) {
        print("hog: wrong contents at %lx\n", (uint64_t)address);
        return false;
      }
    }
  }
  return true;
}

int main(int count, const char *const arguments[]) {
  uint64_t limit = UINT32_MAX;
  if (count > 2 || (count == 2 && !parse_number(arguments[1], UINT32_MAX, &limit))) {
    print("usage: hog [MEBIBYTES]\n");
    return 2;
  }
  int64_t heap = grow_heap(0);
  for (uint64_t number = 0; number < limit; number++) {
    if (!take_mebibyte(number))
      return 1;
  }
  if (!check(heap, limit))
    return 1;
  grow_heap(-(int64_t)limit * MEBIBYTE);
  print("hog: took %lu MiB, found them as written, gave them back\n", limit);
  return 0;
}
