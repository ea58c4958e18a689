// malloc and its kin, over wired memory: what has been allocated is there, so that a server cannot fault when
// memory is short; it gets a null pointer when it asks.
//
// A block is 8 bytes of header (its size and flags) and its contents, which are 16-byte aligned; a free block
// has two links after the header and its size again at its end, where its upper neighbour finds it. Free
// blocks are in bins by size. Large blocks are mappings of their own, so that their memory goes back.

#include "lib/kernel.h"
#include "lib/mutex.h"
#include "lib/space.h"
#include <stdlib.h>
#include <string.h>

#define HEAP_PAGES   (1ul << 18) // of address space: 1 GiB
#define GROWTH_BYTES (64ul << 10)
#define LARGE_BYTES  (256ul << 10)

#define IN_USE       1ul
#define LOWER_IN_USE 2ul // the neighbour below
#define MAPPED       4ul
#define FLAGS        15ul

#define HEADER_BYTES   8ul
#define SMALLEST_BLOCK 32ul

struct block {
  uint64_t header;
  struct block *next, *previous; // when free
};

#define SMALL_BINS 64 // of sizes below 1 KiB, 16 bytes apart
#define BINS       (SMALL_BINS + 4 * 12)

static struct mutex mutex;
static struct block *bins[BINS];
static uint64_t heap_start, heap_end;

static uint64_t size_of(const struct block *block) { return block->header & ~FLAGS; }

static struct block *upper(struct block *block) { return (struct block *)((char *)block + size_of(block)); }

static struct block *block_of(void *contents) { return (struct block *)((char *)contents - HEADER_BYTES); }

// Sizes from 1 KiB on share four bins per power of two.
static unsigned bin_of(uint64_t size) {
  if (size < 1024)
    return (unsigned)(size / 16);
  unsigned log = 63 - (unsigned)__builtin_clzl(size);
  unsigned bin = SMALL_BINS + 4 * (log - 10) + (size >> (log - 2) & 3);
  return bin < BINS ? bin : BINS - 1;
}

static void insert(struct block *block) {
  struct block **bin = &bins[bin_of(size_of(block))];
  block->next = *bin;
  block->previous = NULL;
  if (*bin != NULL)
    (*bin)->previous = block;
  *bin = block;
}

static void take_out(struct block *block) {
  if (block->previous != NULL)
    block->previous->next = block->next;
  else
    bins[bin_of(size_of(block))] = block->next;
  if (block->next != NULL)
    block->next->previous = block->previous;
}

// Makes [block, block + size) a free block, joined with free neighbours. Its header's LOWER_IN_USE is right.
static void release(struct block *block, uint64_t size) {
  uint64_t lower_flag = block->header & LOWER_IN_USE;
  struct block *above = (struct block *)((char *)block + size);
  if ((above->header & IN_USE) == 0) {
    take_out(above);
    size += size_of(above);
  }
  if (lower_flag == 0) {
    uint64_t lower_size = *(uint64_t *)((char *)block - 8);
    block = (struct block *)((char *)block - lower_size);
    take_out(block);
    lower_flag = block->header & LOWER_IN_USE;
    size += lower_size;
  }
  block->header = size | lower_flag;
  *(uint64_t *)((char *)block + size - 8) = size;
  upper(block)->header &= ~LOWER_IN_USE;
  insert(block);
}

// Adds room for a block of `size` bytes at the heap's end, whose last word is a block of size 0, always in
// use.
static bool grow(uint64_t size) {
  uint64_t heap_bytes = heap_end - heap_start;
  uint64_t bytes = size + 16;
  if (bytes < GROWTH_BYTES)
    bytes = GROWTH_BYTES;
  if (bytes < heap_bytes / 8)
    bytes = heap_bytes / 8; // so that the number of mappings stays small
  uint64_t pages = (bytes + PAGE_BYTES - 1) / PAGE_BYTES;
  if (heap_bytes / PAGE_BYTES + pages > HEAP_PAGES)
    return false;
  if (heap_start == 0) {
    int64_t address = space_reserve(HEAP_PAGES);
    if (address < 0)
      return false;
    heap_start = heap_end = (uint64_t)address;
  }
  int64_t memory = kernel_create_memory(pages, MEMORY_WIRED, 0, 0);
  if (memory < 0)
    return false;
  int64_t error = kernel_map(HANDLE_PROCESS, (handle_t)memory, heap_end, 0, pages, MAP_READ | MAP_WRITE);
  kernel_delete((handle_t)memory); // the mapping keeps it
  if (error < 0)
    return false;
  struct block *block = (struct block *)(heap_end - HEADER_BYTES); // what was the heap's end
  uint64_t added = pages * PAGE_BYTES;
  if (heap_end == heap_start) {
    block = (struct block *)(heap_start + HEADER_BYTES);
    block->header = IN_USE | LOWER_IN_USE;
    added -= 16;
  }
  heap_end += pages * PAGE_BYTES;
  ((struct block *)(heap_end - HEADER_BYTES))->header = IN_USE;
  release(block, added);
  return true;
}

// A free block of at least that size, out of its bin; NULL if there is none.
static struct block *find(uint64_t size) {
  for (unsigned bin = bin_of(size); bin < BINS; bin++) {
    for (struct block *block = bins[bin]; block != NULL; block = block->next) {
      if (size_of(block) >= size) {
        take_out(block);
        return block;
      }
    }
  }
  return NULL;
}

// Gives back what a block in use has above `size` bytes.
static void trim(struct block *block, uint64_t size) {
  uint64_t rest = size_of(block) - size;
  if (rest < SMALLEST_BLOCK)
    return;
  block->header -= rest;
  struct block *above = upper(block);
  above->header = LOWER_IN_USE;
  release(above, rest);
}

static void *allocate_mapped(uint64_t size) {
  // The header is where every block's is, before 16-byte aligned contents; before it, the number of pages.
  uint64_t pages = (size + 16 + PAGE_BYTES - 1) / PAGE_BYTES;
  int64_t memory = kernel_create_memory(pages, MEMORY_WIRED, 0, 0);
  if (memory < 0)
    return NULL;
  int64_t address = space_map((handle_t)memory, 0, pages, MAP_READ | MAP_WRITE);
  kernel_delete((handle_t)memory);
  if (address < 0)
    return NULL;
  uint64_t *head = (uint64_t *)address;
  head[0] = pages;
  head[1] = (pages * PAGE_BYTES - HEADER_BYTES) | MAPPED | IN_USE;
  return head + 2;
}

void *malloc(size_t bytes) {
  if (bytes > HEAP_PAGES * PAGE_BYTES)
    return NULL;
  if (bytes >= LARGE_BYTES)
    return allocate_mapped(bytes);
  uint64_t size = (bytes + HEADER_BYTES + 15) & ~15ul;
  if (size < SMALLEST_BLOCK)
    size = SMALLEST_BLOCK;
  mutex_lock(&mutex);
  struct block *block = find(size);
  if (block == NULL && grow(size))
    block = find(size);
  if (block != NULL) {
    block->header |= IN_USE;
    upper(block)->header |= LOWER_IN_USE;
    trim(block, size);
  }
  mutex_unlock(&mutex);
  return block == NULL ? NULL : (char *)block + HEADER_BYTES;
}

void free(void *contents) {
  if (contents == NULL)
    return;
  struct block *block = block_of(contents);
  if ((block->header & MAPPED) != 0) {
    uint64_t *head = (uint64_t *)contents - 2;
    space_unmap(head, head[0]);
    return;
  }
  mutex_lock(&mutex);
  release(block, size_of(block));
  mutex_unlock(&mutex);
}

void *calloc(size_t count, size_t bytes) {
  if (bytes != 0 && count > SIZE_MAX / bytes)
    return NULL;
  void *contents = malloc(count * bytes);
  if (contents != NULL && (block_of(contents)->header & MAPPED) == 0) // new memory is zero
    memset(contents, 0, count * bytes);
  return contents;
}

void *realloc(void *contents, size_t bytes) {
  if (contents == NULL)
    return malloc(bytes);
  uint64_t old = size_of(block_of(contents)) - HEADER_BYTES;
  if (bytes <= old && bytes > old / 2)
    return contents;
  void *moved = malloc(bytes);
  if (moved == NULL)
    return bytes <= old ? contents : NULL;
  memcpy(moved, contents, old < bytes ? old : bytes);
  free(contents);
  return moved;
}
