// A supervisor for the system workloads: Sv39 address spaces with the kernel in each, and user code to run.
#pragma once

#include "machine.h"

enum { PAGE_BYTES = 4096 };

// Where every address space shows the pages of section .user.
#define USER_CODE 0x40000000u
// Free for the workload; in another 2 MiB than the code.
#define USER_DATA 0x40200000u

#define PTE_V 0x01u
#define PTE_R 0x02u
#define PTE_W 0x04u
#define PTE_X 0x08u
#define PTE_U 0x10u
#define PTE_G 0x20u
#define PTE_A 0x40u
#define PTE_D 0x80u
// A and D are set beforehand, so that machines with and without Svadu do the same work.
#define PTE_USER_CODE (PTE_V | PTE_R | PTE_X | PTE_U | PTE_A)
#define PTE_USER_DATA (PTE_V | PTE_R | PTE_W | PTE_U | PTE_A | PTE_D)

enum { CAUSE_ECALL_FROM_U = 8, CAUSE_LOAD_PAGE_FAULT = 13 };

// Returns to its caller in supervisor mode, with the exceptions of user mode delegated to it, except
// breakpoints.
void enter_supervisor_mode(void);

// A root page table that maps the kernel, the devices and the user code.
uint64_t *new_address_space(void);

// The entry that maps a page, which is created (invalid) with the tables that lead to it.
uint64_t *page_table_entry(uint64_t *root, uint64_t virtual_address);

// A valid entry for the page frame at `frame`.
uint64_t make_entry(const void *frame, uint64_t flags);

// What satp holds to select an Sv39 address space.
uint64_t make_satp(const uint64_t *root, uint64_t asid);

void switch_address_space(uint64_t satp);

// Where user mode finds a label of section .user.
uint64_t user_address(const char *label);

// Runs user code from `entry` on, with `argument` in a0, and returns what is in a0 at its ebreak.
uint64_t run_user(uint64_t entry, uint64_t argument);

static inline void set_supervisor_vector(void (*vector)(void)) {
  __asm__ volatile("csrw stvec, %0" : : "r"(vector));
}
