#include "vm.h"
#include "hart.h"
#include "pmem.h"
#include "print.h"
#include "riscv.h"
#include "string.h"

#define ENTRIES      512
#define FIRST_KERNEL 256 // root entry where the upper half begins
#define ROOT_LEVEL   2

struct vm_table_list {
  struct vm_table_list *next;
};

extern char kernel_start[], text_end[], rodata_end[], kernel_end[];

static page_table_entry kernel_root[ENTRIES] __attribute__((aligned(PAGE_SIZE)));

static uint64_t level_bytes(unsigned level) { return (uint64_t)PAGE_SIZE << (9 * level); }

static unsigned level_index(uint64_t address, unsigned level) {
  return address >> (12 + 9 * level) & (ENTRIES - 1);
}

static bool is_valid(page_table_entry entry) { return (entry & VM_VALID) != 0; }

static page_table_entry *lower_table(page_table_entry entry) {
  return physical_to_kernel(vm_entry_physical(entry));
}

uint64_t vm_satp(const page_table_entry *root, uint64_t asid) {
  return SATP_SV39 | asid << SATP_ASID_SHIFT | kernel_to_physical(root) >> 12;
}

static page_table_entry *create_table(struct quota *quota) {
  return quota == NULL ? pmem_allocate() : quota_allocate_page(quota);
}

// The entry for `address` at `level`, 0 to 2, or NULL where a table above it is missing.
static page_table_entry *find_entry(page_table_entry *root, uint64_t address, unsigned level) {
  page_table_entry *table = root;
  for (unsigned at = ROOT_LEVEL; at > level; at--) {
    page_table_entry entry = table[level_index(address, at)];
    if (!is_valid(entry))
      return NULL;
    table = lower_table(entry);
  }
  return &table[level_index(address, level)];
}

// Likewise, making what is missing; NULL when memory is out. The kernel's own tables have no quota.
static page_table_entry *make_entry(page_table_entry *root, uint64_t address, unsigned level,
                                    struct quota *quota) {
  page_table_entry *table = root;
  for (unsigned at = ROOT_LEVEL; at > level; at--) {
    page_table_entry *entry = &table[level_index(address, at)];
    if (!is_valid(*entry)) {
      void *lower = create_table(quota);
      if (lower == NULL)
        return NULL;
      *entry = vm_leaf_entry(kernel_to_physical(lower), VM_VALID);
    }
    table = lower_table(*entry);
  }
  return &table[level_index(address, level)];
}

page_table_entry *vm_user_entry(page_table_entry *root, user_address address) {
  return find_entry(root, address, 0);
}

page_table_entry *vm_make_user_entry(page_table_entry *root, user_address address, struct quota *quota) {
  return make_entry(root, address, 0, quota);
}

// The first address behind the piece around `address` that an entry of `level` maps.
static uint64_t next_piece(uint64_t address, unsigned level) {
  return (address | (level_bytes(level) - 1)) + 1;
}

page_table_entry *vm_find_user_entry(page_table_entry *root, user_address *address, user_address end) {
  page_table_entry *entry = NULL;
  for (user_address at = *address; at < end;) {
    if (entry == NULL || at % MEGAPAGE_SIZE == 0) {
      page_table_entry *middle = find_entry(root, at, 1);
      if (middle == NULL || !is_valid(*middle)) {
        at = next_piece(at, middle == NULL ? 2 : 1);
        continue;
      }
      entry = &lower_table(*middle)[level_index(at, 0)];
    }
    if (is_valid(*entry)) {
      *address = at;
      return entry;
    }
    entry++;
    at += PAGE_SIZE;
  }
  return NULL;
}

struct vm_table_list *vm_detach_tables(page_table_entry *root, user_address start, user_address end) {
  struct vm_table_list *list = NULL;
  user_address at = (start + MEGAPAGE_SIZE - 1) / MEGAPAGE_SIZE * MEGAPAGE_SIZE;
  while (at + MEGAPAGE_SIZE <= end) {
    page_table_entry *middle = find_entry(root, at, 1);
    if (middle != NULL && is_valid(*middle)) {
      // Harts may still walk this table: what is written into it is a multiple of the page size, and so no
      // valid entry.
      struct vm_table_list *table = (void *)lower_table(*middle);
      *middle = 0;
      table->next = list;
      list = table;
    }
    at = next_piece(at, middle == NULL ? 2 : 1);
  }
  return list;
}

void vm_free_tables(struct vm_table_list *tables, struct quota *quota) {
  while (tables != NULL) {
    struct vm_table_list *next = tables->next;
    quota_free_page(quota, tables);
    tables = next;
  }
}

// Maps physical memory [start, end) at its place in the upper half, by the largest pages that fit.
static void map_physical(physical_address start, physical_address end, uint64_t permissions) {
  while (start < end) {
    unsigned level = ROOT_LEVEL;
    while (level > 0 && (start % level_bytes(level) != 0 || end - start < level_bytes(level)))
      level--;
    page_table_entry *entry = make_entry(kernel_root, start + KERNEL_OFFSET, level, NULL);
    if (entry == NULL)
      panic("no memory for the kernel's page tables");
    *entry = vm_leaf_entry(start, permissions | VM_VALID | VM_GLOBAL | VM_ACCESSED | VM_DIRTY);
    start += level_bytes(level);
  }
}

static void unmap_stack_guards(void) {
  for (unsigned i = 0; i < MAX_HARTS; i++)
    *find_entry(kernel_root, hart_stack_guard(i), 0) = 0;
}

// All of RAM, readable and writable; but the kernel's code only executable and its constants only readable.
static void map_ram(struct fdt_range ram) {
  struct {
    physical_address end;
    uint64_t permissions;
  } parts[] = {
      {kernel_to_physical(kernel_start), VM_READ | VM_WRITE},
      {kernel_to_physical(text_end), VM_READ | VM_EXECUTE},
      {kernel_to_physical(rodata_end), VM_READ},
      // Its own part, because it is mapped by 4 KiB pages whatever lies behind it: stack guards need that.
      {kernel_to_physical(kernel_end), VM_READ | VM_WRITE},
      {UINT64_MAX, VM_READ | VM_WRITE},
  };
  physical_address start = page_up(ram.address), ram_end = page_down(ram.address + ram.bytes);
  for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    physical_address end = parts[i].end < ram_end ? parts[i].end : ram_end;
    if (start < end) {
      map_physical(start, end, parts[i].permissions);
      start = end;
    }
  }
}

void vm_init(void) {
  struct fdt_range ram;
  for (unsigned i = 0; pmem_ram(i, &ram); i++)
    map_ram(ram);
  unmap_stack_guards();
  vm_enter_kernel_table();
}

void vm_enter_kernel_table(void) {
  csr_write(satp, vm_satp(kernel_root, 0));
  sfence_everything(); // the boot page table's translations were global, too
}

page_table_entry *vm_kernel_table(void) { return kernel_root; }

volatile void *vm_map_device(physical_address address, uint64_t bytes) {
  map_physical(page_down(address), page_up(address + bytes), VM_READ | VM_WRITE);
  sfence_everything();
  return physical_to_kernel(address);
}

page_table_entry *vm_create_table(struct quota *quota) {
  page_table_entry *root = create_table(quota);
  if (root != NULL)
    memcpy(root + FIRST_KERNEL, kernel_root + FIRST_KERNEL, PAGE_SIZE / 2);
  return root;
}

void vm_destroy_table(page_table_entry *root, struct quota *quota) {
  for (unsigned i = 0; i < FIRST_KERNEL; i++) {
    if (!is_valid(root[i]))
      continue;
    page_table_entry *middle = lower_table(root[i]);
    for (unsigned j = 0; j < ENTRIES; j++) {
      if (is_valid(middle[j]))
        quota_free_page(quota, lower_table(middle[j]));
    }
    quota_free_page(quota, middle);
  }
  quota_free_page(quota, root);
}
