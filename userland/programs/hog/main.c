// Takes memory, a MiB at a time, and checks that what it wrote is there. Without a limit it goes on until
// there is none.

#include "quantity.h"
#include "usage.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define MEBIBYTE 0x100000
#define PAGE     4096

static volatile uint64_t *take_mebibyte(void) {
  void *memory = mmap(NULL, MEBIBYTE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

int main(int count, char **arguments) {
  if (count > 2)
    usage("hog [MEBIBYTES]");
  int64_t limit = count == 2 ? parse_quantity(arguments[1], 0, "a number of MiB") : INT64_MAX, number = 0;
  // Each MiB begins with the address of the one before: the memory itself is the list of what was taken.
  volatile uint64_t *last = NULL;
  for (; number < limit; number++) {
    volatile uint64_t *words = take_mebibyte();
    if (words == NULL) {
      printf("hog: after %" PRId64 " MiB: %s\n", number, strerror(errno));
      return 1;
    }
    words[0] = (uintptr_t)last;
    for (uint64_t offset = 0; offset < MEBIBYTE; offset += PAGE)
      words[offset / 8 + 1] = (uint64_t)number << 32 | offset;
    last = words;
  }
  while (number-- > 0) {
    for (uint64_t offset = 0; offset < MEBIBYTE; offset += PAGE) {
      if (last[offset / 8 + 1] != ((uint64_t)number << 32 | offset)) {
        printf("hog: wrong contents in MiB %" PRId64 " at %#" PRIx64 "\n", number, offset);
        return 1;
      }
    }
    volatile uint64_t *before = (volatile uint64_t *)last[0];
    munmap((void *)last, MEBIBYTE);
    last = before;
  }
  printf("hog: took %" PRId64 " MiB, found them as written, gave them back\n", limit);
  return 0;
}
