#include "vm.h"
#include "hart.h"
#include "pmem.h"
#include "print.h"
#include "riscv.h"
#include "string.h"

// Privileged specification 1.12, 4.4.
#define VALID        (1ul << 0)
#define GLOBAL       (1ul << 5)
#define ACCESSED     (1ul << 6)
#define DIRTY        (1ul << 7)
#define LEAF         (VM_READ | VM_WRITE | VM_EXECUTE)
#define ENTRIES      512
#define FIRST_KERNEL 256 // root entry where the upper half begins
#define ROOT_LEVEL   2

extern char kernel_start[], text_end[], rodata_end[], kernel_end[];

static page_table_entry kernel_root[ENTRIES] __attribute__((aligned(PAGE_SIZE)));

static uint64_t level_bytes(unsigned level) { return (uint64_t)PAGE_SIZE << (9 * level); }

static unsigned level_index(uint64_t address, unsigned level) {
  return address >> (12 + 9 * level) & (ENTRIES - 1);
}

static page_table_entry entry_for(physical_address page) { return page >> 12 << 10; }

bool vm_is_valid(page_table_entry entry) { return (entry & VALID) != 0; }

void *vm_entry_page(page_table_entry entry) { return physical_to_kernel(entry >> 10 << 12); }

page_table_entry vm_make_entry(physical_address page, uint64_t permissions) {
  // A and D are set from the start: we do not use them, and a processor that does not set them itself would
  // fault.
  return entry_for(page) | permissions | VALID | ACCESSED | DIRTY;
}

uint64_t vm_satp(const page_table_entry *root, uint64_t asid) {
  return SATP_SV39 | asid << SATP_ASID_SHIFT | kernel_to_physical(root) >> 12;
}

// The entry for `address` at `level`, 0 to 2, making the tables above it if `create`.
static page_table_entry *find_entry(page_table_entry *root, uint64_t address, unsigned level, bool create) {
  page_table_entry *table = root;
  for (unsigned at = ROOT_LEVEL; at > level; at--) {
    page_table_entry *entry = &table[level_index(address, at)];
    if (!vm_is_valid(*entry)) {
      void *lower = create ? pmem_allocate() : NULL;
      if (lower == NULL)
        return NULL;
      *entry = entry_for(kernel_to_physical(lower)) | VALID;
    }
    table = vm_entry_page(*entry);
  }
  return &table[level_index(address, level)];
}

page_table_entry *vm_user_entry(page_table_entry *root, user_address address, bool create) {
  return find_entry(root, address, 0, create);
}

// Maps physical memory [start, end) at its place in the upper half, by the largest pages that fit.
static void map_physical(physical_address start, physical_address end, uint64_t permissions) {
  while (start < end) {
    unsigned level = ROOT_LEVEL;
    while (level > 0 && (start % level_bytes(level) != 0 || end - start < level_bytes(level)))
      level--;
    page_table_entry *entry = find_entry(kernel_root, start + KERNEL_OFFSET, level, true);
    if (entry == NULL)
      panic("no memory for the kernel's page tables");
    *entry = vm_make_entry(start, permissions | GLOBAL);
    start += level_bytes(level);
  }
}

static void unmap_stack_guards(void) {
  for (unsigned i = 0; i < MAX_HARTS; i++)
    *find_entry(kernel_root, hart_stack_guard(i), 0, false) = 0;
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

page_table_entry *vm_create_table(void) {
  page_table_entry *root = pmem_allocate();
  if (root != NULL)
    memcpy(root + FIRST_KERNEL, kernel_root + FIRST_KERNEL, PAGE_SIZE / 2);
  return root;
}

static void destroy_lower(page_table_entry entry) {
  if (!vm_is_valid(entry))
    return;
  page_table_entry *page = vm_entry_page(entry);
  if ((entry & LEAF) == 0) {
    for (unsigned i = 0; i < ENTRIES; i++)
      destroy_lower(page[i]);
  }
  pmem_free(page);
}

void vm_destroy_table(page_table_entry *root) {
  for (unsigned i = 0; i < FIRST_KERNEL; i++)
    destroy_lower(root[i]);
  pmem_free(root);
}
