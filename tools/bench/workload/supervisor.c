// Sv39 page tables (privileged specification 1.12, section 4.4).

#include "supervisor.h"

enum { ENTRIES = 512, TABLES = 64, LEVELS = 3, SATP_MODE_SV39 = 8 };

#define GIGAPAGE 0x40000000u
#define RAM_BASE 0x80000000u

extern const char user_code[], user_code_end[];

static uint64_t tables[TABLES][ENTRIES] __attribute__((aligned(PAGE_BYTES)));
static int tables_used;

static uint64_t *new_table(void) {
  if (tables_used == TABLES) {
    print("out of page tables\n");
    power_off(1);
  }
  return tables[tables_used++];
}

uint64_t make_entry(const void *frame, uint64_t flags) { return (uintptr_t)frame >> 12 << 10 | flags; }

uint64_t *page_table_entry(uint64_t *root, uint64_t virtual_address) {
  uint64_t *table = root;
  for (int level = LEVELS - 1; level > 0; level--) {
    uint64_t *entry = &table[virtual_address >> (12 + 9 * level) & (ENTRIES - 1)];
    if ((*entry & PTE_V) == 0)
      *entry = make_entry(new_table(), PTE_V);
    table = (uint64_t *)(*entry >> 10 << 12);
  }
  return &table[virtual_address >> 12 & (ENTRIES - 1)];
}

uint64_t *new_address_space(void) {
  uint64_t *root = new_table();
  const uint64_t kernel = PTE_V | PTE_R | PTE_W | PTE_X | PTE_G | PTE_A | PTE_D;
  root[0] = make_entry(NULL, kernel & ~(uint64_t)PTE_X);
  root[RAM_BASE / GIGAPAGE] = make_entry((const void *)RAM_BASE, kernel);
  for (const char *page = user_code; page < user_code_end; page += PAGE_BYTES)
    *page_table_entry(root, user_address(page)) = make_entry(page, PTE_USER_CODE);
  return root;
}

uint64_t make_satp(const uint64_t *root, uint64_t asid) {
  return (uint64_t)SATP_MODE_SV39 << 60 | asid << 44 | (uintptr_t)root >> 12;
}

void switch_address_space(uint64_t satp) {
  __asm__ volatile("csrw satp, %0\n\tsfence.vma" : : "r"(satp) : "memory");
}

uint64_t user_address(const char *label) { return USER_CODE + (uint64_t)(label - user_code); }
