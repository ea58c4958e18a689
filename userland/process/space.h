// Address spaces of POSIX processes: each is a process of the kernel's, with areas of memory objects.
//
// What is private to a process - stack, data, heap, small mappings - lies in one big sparse memory object, so
// that fork duplicates one object and maps a few runs of it. Large and shared mappings have their own.
#pragma once

#include "backing.h"
#include "lib/handles.h"
#include "task.h"

#define PAGE          PAGE_BYTES
#define SPACE_LIMIT   0x4000000000ul // Sv39
#define POSITION_BASE 0x10000000ul   // of position-independent programs
#define STACK_BYTES   (8ul << 20)

// Below 1 GiB, so that a small process has one page table of the middle level; and in the middle of what one
// of the lowest level covers, which the arena behind shares.
#define STACK_TOP 0x30100000ul

struct area {
  uint64_t start, end;
  uint32_t protection; // PROT_*
  bool shared;         // with children too
  struct backing *backing;
  uint64_t first_page;
  const char *name; // for /proc/PID/maps, or NULL
};

struct space {
  uint32_t references; // processes: more than one between vfork and exec
  uint64_t handle;     // the kernel's process
  struct area *areas;  // by address
  uint32_t area_count, area_capacity;
  struct backing *core;
  uint64_t data_start; // where page CORE_DATA of the core appears
  uint64_t break_start, break_end;
  uint64_t break_mapped;  // memory is mapped up to here
  uint64_t break_highest; // and was used up to here
  uint64_t arena_top;     // the arena's pages from here on were never used
  struct extent {
    uint64_t page, pages;
  } * free; // those below that are free, by page
  uint32_t free_count, free_capacity;
  uint64_t trampoline; // address of the code that returns from signal handlers, 0: not mapped yet
};

void space_init(void);

// An empty one, named after `name`; NULL when there is no memory.
struct space *space_create(const char *name, pid_t id);
struct space *space_fork(struct space *space, const char *name, pid_t id);
void space_retain(struct space *space);
// Gives up a reference. With the last one the kernel's process ends: its processor time, else 0.
uint64_t space_release(struct space *space);

// Empties a space that exec reuses. Returns 0 or an error.
int64_t space_clear(struct space *space);

// Maps the stack, and what a program's data need: pages [start, end) become the core's, from which the heap
// goes on.
int64_t space_map_stack(struct space *space);
int64_t space_map_data(struct space *space, uint64_t start, uint64_t end, uint32_t protection,
                       const char *name);
void space_set_break(struct space *space, uint64_t address);

// Moves the end of the heap, if that is possible. Returns where it is.
uint64_t space_break(struct task *task, uint64_t address);

// Zeroed memory for the process. Returns its address or an error.
enum placement { ANYWHERE, FIXED, FIXED_IF_FREE };
int64_t space_map_anonymous(struct task *task, uint64_t hint, uint64_t pages, uint32_t protection,
                            bool shared, enum placement placement);
int64_t space_unmap_range(struct space *space, uint64_t start, uint64_t end);
int64_t space_protect(struct space *space, uint64_t start, uint64_t end, uint32_t protection);

// Maps pages of a memory object that other spaces share.
int64_t space_map_shared(struct space *space, struct backing *backing, uint64_t address, uint64_t first_page,
                         uint64_t pages, uint32_t protection, const char *name);

// The area an address is in, or NULL.
struct area *space_find(struct space *space, uint64_t address);

// The address of the trampoline, mapped now if need be; 0 when there is no memory.
uint64_t space_trampoline(struct space *space);

// What a futex is known by: the same in all processes that share the memory.
struct futex_key {
  const void *object;
  uint64_t offset;
};
struct futex_key space_futex_key(struct space *space, uint64_t address, bool private);

// Copies between processes of the kernel's, of which 0 is this one. 0 or -EFAULT.
int64_t space_copy(handle_t from_process, uint64_t from, handle_t to_process, uint64_t to, uint64_t bytes);

uint64_t space_pages(const struct space *space); // of address space
