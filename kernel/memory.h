// Memory objects: pages with contents, which any number of address spaces may map. A page comes into being
// when it is first touched: zeroed by the kernel, or supplied by the object's pager.
#pragma once

#include "abi/call.h"
#include "object.h"
#include "vm.h"

struct channel;
struct region;

// An object can grow to this, which is far more than can be mapped.
#define MEMORY_MOST_PAGES (1ul << 42)

struct memory {
  struct object object;
  uint64_t pages;        // its size
  uint64_t resident;     // pages present, which are charged to the object's quota
  uint64_t tag;          // what its pager knows it by
  struct channel *pager; // NULL: the kernel supplies zeroed pages
  uint64_t pager_badge;
  uint32_t flags;  // MEMORY_WIRED
  bool device;     // registers, or other memory not from pmem, at `physical`; all present
  unsigned levels; // of the directory
  physical_address physical;
  struct region *regions;           // where it is mapped
  struct page_directory *directory; // memory.c: page number -> present page, or token of its eviction
};

// What a thread needs before it can go on: an answer of `memory`'s pager.
struct page_request {
  struct memory *memory;
  uint64_t page;
  uint64_t access; // one of MAP_*
  uint64_t token;  // of the page's eviction, or 0: it has never been there
};

#define NO_MEMORY_TOKEN UINT64_MAX // of a request for memory as such: abi/message.h

enum page_outcome {
  PAGE_PRESENT,
  PAGE_REQUESTED, // the request has been filled in: ask the pager
  PAGE_NO_REGION, // nothing is mapped there
  PAGE_PROTECTED, // not for this access
  PAGE_NO_MEMORY, // the request has been filled in, too
};

// All return 0 or a negative error unless said otherwise; EINVAL for pages beyond the size, and for what the
// kind of memory does not have.

// Charged to `quota`, its pages too as they come. A pager is retained. Wired memory is allocated at once
// and may have no pager.
int64_t memory_create(struct quota *quota, uint64_t pages, uint32_t flags, struct channel *pager,
                      uint64_t pager_badge, uint64_t tag, struct memory **created);

// Memory that exists already: device registers, the initrd; no other RAM (EINVAL). It cannot be executed.
int64_t memory_create_device(struct quota *quota, physical_address start, uint64_t bytes,
                             struct memory **created);

// A copy that shares every present page until one of both writes; evicted pages keep their tokens. The copy
// has the same pager. EBUSY for wired memory, EINVAL for a device's. Shared pages are charged to both.
int64_t memory_duplicate(struct memory *memory, struct quota *quota, uint64_t tag, struct memory **copy);

// EBUSY for wired memory, EINVAL for a device's.
int64_t memory_resize(struct memory *memory, uint64_t pages);

// Takes page `from_page` of `from` out of it, which must be memory without a pager that is not wired, and
// puts it into `memory`, which must lack it (EBUSY if not: somebody else was first).
int64_t memory_supply(struct memory *memory, uint64_t page, struct memory *from, uint64_t from_page);

// The other way round: the page leaves every address space, `memory`, which must have a pager, keeps the
// token (1 to 2^63 - 1), and its page replaces the one that `to` has there. ENOENT if it is not present,
// EBUSY if it is wired. Returns 1 if the page was modified since it was supplied, and 0 if not.
int64_t memory_evict(struct memory *memory, uint64_t page, struct memory *to, uint64_t to_page,
                     uint64_t token);

// Describes up to `count` present pages, from `first` on; their accessed bits, in whatever page table, are
// cleared. Returns how many. Of memory without a pager, what mappings said that have gone is not known.
int64_t memory_scan(struct memory *memory, uint64_t first, struct page_info *info, uint64_t count);

// Where a wired or device page is.
int64_t memory_physical_address(struct memory *memory, uint64_t page);

// The page at that number as the kernel sees it, made present if the kernel can do it alone; for writing,
// made its own. Sets *page.
enum page_outcome memory_page(struct memory *memory, uint64_t page_number, uint64_t access, void **page,
                              struct page_request *request);

// Likewise for a page-table entry: where the page is, and the rights (VM_*) that entries for it may have now.
//
// A page is never executable in one entry while it is writable in another: what changes from the one to the
// other is withdrawn from all address spaces first, and all harts fence their instruction fetches.
enum page_outcome memory_resolve(struct memory *memory, uint64_t page_number, uint64_t access,
                                 physical_address *where, uint64_t *rights, struct page_request *request);

// An entry for the page has gone, with these of VM_ACCESSED and VM_DIRTY set.
void memory_note(struct memory *memory, uint64_t page_number, uint64_t bits);

// For object_release.
void memory_destroy(struct memory *memory);
