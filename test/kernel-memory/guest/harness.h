// What the tests of the kernel's memory half stand on.
//
// Kernel functions are called with the kernel's lock held, as they are in the kernel. The accesses to user
// memory let go of it: they are what user mode would do, by the hart's own page table and TLB, and a fault
// takes the lock.
#pragma once

#include "address_space.h"
#include "memory.h"
#include "quota.h"
#include "types.h"

#define check(condition) check_that((condition) != 0, __FILE__, __LINE__, #condition)
#define check_equal(actual, expected)                                                                        \
  check_equality((uint64_t)(actual), (uint64_t)(expected), __FILE__, __LINE__, #actual)
void check_that(bool condition, const char *file, unsigned line, const char *text);
void check_equality(uint64_t actual, uint64_t expected, const char *file, unsigned line, const char *text);
void say(const char *text);

// What became of an access of this hart to its address space, PAGE_PRESENT if it was possible in the end; and
// how many faults it took. The request of the last that needed a pager.
enum page_outcome load(user_address address, uint64_t *value);
enum page_outcome store(user_address address, uint64_t value);
enum page_outcome execute(user_address address, uint64_t *result);
extern unsigned faults;
extern struct page_request last_request;

// Two pieces of code for execute: the result is 1, or 2.
#define CODE_BYTES 8
extern const char code_one[], code_two[];

// A value that is present.
uint64_t loaded(user_address address);

// The quota that the running test spends, and a pager.
extern struct quota *quota;
extern struct channel *pager;

// An address space, a memory object without a pager, and one with it: they must be possible.
struct address_space *new_space(void);
void end_space(struct address_space *space);
struct memory *new_memory(uint64_t pages);
struct memory *new_paged_memory(uint64_t pages);
void release(struct memory *memory);

// Maps all pages of a memory object, for reading and writing.
void map(struct address_space *space, struct memory *memory, user_address address);

// The second hart does this, with the lock, while this one waits without.
void on_other_hart(void (*function)(void));

// Likewise, but this hart goes on and keeps the lock; and waits for the end.
void start_on_other_hart(void (*function)(void));
void await_other_hart(void);

struct test {
  const char *name;
  void (*run)(void);
  unsigned harts; // it needs
};

extern const struct test object_tests[], space_tests[], hart_tests[]; // up to one without a name
