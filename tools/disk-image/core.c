// The file system's core as a WebAssembly module: TypeScript begins requests, runs them, and carries out
// transfers. Inodes go with their generations; names and data lie in the memory of a request's slot.
#include "bytes.h"
#include "check.h"
#include "files.h"

#define EXPORT         __attribute__((visibility("default")))
#define IMPORT(symbol) __attribute__((import_module("host"), import_name(symbol)))

enum { SLOTS = 16, DATA_BYTES = 1 << 16, PAGE_BYTES = 1 << 16 };

struct slot {
  struct files_call request;
  char name[FILES_LONGEST_NAME + 1];
  char other_name[FILES_LONGEST_NAME + 1];
  _Alignas(8) uint8_t data[DATA_BYTES];
};

static struct slot slots[SLOTS];
static struct files *files;
static struct files_superblock superblock;
static _Alignas(FILES_BLOCK_BYTES) uint8_t formatted[FILES_BLOCK_BYTES];

// The machine has instructions for these two.

void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
  return __builtin_memcpy(to, from, bytes);
}

void *memset(void *to, int value, size_t bytes) { return __builtin_memset(to, value, bytes); }

int memcmp(const void *left, const void *right, size_t bytes) {
  const uint8_t *a = left;
  const uint8_t *b = right;
  for (size_t i = 0; i < bytes; i++) {
    if (a[i] != b[i])
      return a[i] - b[i];
  }
  return 0;
}

// Fresh memory, zero and aligned to pages; NULL when there is no more.
static void *allocate(size_t bytes) {
  size_t pages = __builtin_wasm_memory_grow(0, (bytes + PAGE_BYTES - 1) / PAGE_BYTES);
  return pages == SIZE_MAX ? NULL : (void *)(pages * PAGE_BYTES);
}

// A disk is opened once in an instance of the module.
EXPORT bool open_disk(uint32_t disk_blocks, uint32_t cache_blocks, uint32_t commit_blocks) {
  void *memory = allocate(files_memory(cache_blocks, commit_blocks));
  files = memory == NULL ? NULL : files_start(memory, cache_blocks, commit_blocks, disk_blocks);
  return files != NULL;
}

// Making a disk: answers how many blocks are to be written, 0 if the disk is too small.

EXPORT uint32_t format_start(uint32_t disk_blocks, uint32_t swap_blocks, bool journal, uint64_t identity) {
  struct files_parameters parameters = {
      .disk_blocks = disk_blocks, .swap_blocks = swap_blocks, .journal = journal, .identity = identity};
  struct files_layout layout;
  if (!files_choose(&parameters, &superblock) || !files_layout(&superblock, disk_blocks, &layout))
    return 0;
  return layout.data;
}

EXPORT const void *format_block(uint32_t number, int64_t now) {
  files_format_block(&superblock, now, number, formatted);
  return formatted;
}

// Requests.

EXPORT void *slot_name(uint32_t slot) { return slots[slot].name; }
EXPORT void *slot_other_name(uint32_t slot) { return slots[slot].other_name; }
EXPORT void *slot_data(uint32_t slot) { return slots[slot].data; }

static struct files_call *begin(uint32_t slot, enum files_operation operation, uint32_t inode,
                                uint32_t generation) {
  struct files_call *request = &slots[slot].request;
  int64_t now = request->now;
  *request = (struct files_call){
      .operation = operation,
      .file = {.inode = inode, .generation = generation},
      .name = slots[slot].name,
      .other_name = slots[slot].other_name,
      .data = slots[slot].data,
      .now = now,
  };
  return request;
}

EXPORT void set_now(uint32_t slot, int64_t now) { slots[slot].request.now = now; }

EXPORT void begin_mount(uint32_t slot) { begin(slot, FILES_DO_MOUNT, 0, 0); }

EXPORT void begin_lookup(uint32_t slot, uint32_t inode, uint32_t generation, uint32_t name_bytes) {
  begin(slot, FILES_DO_LOOKUP, inode, generation)->name_bytes = name_bytes;
}

EXPORT void begin_stat(uint32_t slot, uint32_t inode, uint32_t generation) {
  begin(slot, FILES_DO_STAT, inode, generation);
}

EXPORT void begin_set_size(uint32_t slot, uint32_t inode, uint32_t generation, double size) {
  struct files_call *request = begin(slot, FILES_DO_SET, inode, generation);
  request->set = FILES_SET_SIZE;
  request->attributes.size = (uint64_t)size;
}

EXPORT void begin_set(uint32_t slot, uint32_t inode, uint32_t generation, uint32_t mode, int64_t modified) {
  struct files_call *request = begin(slot, FILES_DO_SET, inode, generation);
  request->set = FILES_SET_MODE | FILES_SET_MODIFIED | FILES_SET_ACCESSED;
  request->attributes.mode = mode;
  request->attributes.modified = request->attributes.accessed = modified;
}

EXPORT void begin_read(uint32_t slot, uint32_t inode, uint32_t generation, double offset, uint32_t length) {
  struct files_call *request = begin(slot, FILES_DO_READ, inode, generation);
  request->offset = (uint64_t)offset;
  request->length = length;
}

// A negative offset: to the end.
EXPORT void begin_write(uint32_t slot, uint32_t inode, uint32_t generation, double offset, uint32_t length) {
  struct files_call *request = begin(slot, FILES_DO_WRITE, inode, generation);
  request->append = offset < 0;
  request->offset = request->append ? 0 : (uint64_t)offset;
  request->length = length;
}

// A symbolic link's target lies in the slot's data.
EXPORT void begin_create(uint32_t slot, uint32_t inode, uint32_t generation, uint32_t name_bytes,
                         uint32_t mode, uint32_t device, uint32_t target_bytes) {
  struct files_call *request = begin(slot, FILES_DO_CREATE, inode, generation);
  request->name_bytes = name_bytes;
  request->attributes.mode = mode;
  request->attributes.device = device;
  request->length = target_bytes;
}

EXPORT void begin_read_link(uint32_t slot, uint32_t inode, uint32_t generation) {
  begin(slot, FILES_DO_READ_LINK, inode, generation)->length = DATA_BYTES;
}

EXPORT void begin_link(uint32_t slot, uint32_t inode, uint32_t generation, uint32_t name_bytes,
                       uint32_t other, uint32_t other_generation) {
  struct files_call *request = begin(slot, FILES_DO_LINK, inode, generation);
  request->name_bytes = name_bytes;
  request->other = (struct files_handle){.inode = other, .generation = other_generation};
}

EXPORT void begin_unlink(uint32_t slot, uint32_t inode, uint32_t generation, uint32_t name_bytes) {
  begin(slot, FILES_DO_UNLINK, inode, generation)->name_bytes = name_bytes;
}

EXPORT void begin_remove_directory(uint32_t slot, uint32_t inode, uint32_t generation, uint32_t name_bytes) {
  begin(slot, FILES_DO_REMOVE_DIRECTORY, inode, generation)->name_bytes = name_bytes;
}

EXPORT void begin_rename(uint32_t slot, uint32_t inode, uint32_t generation, uint32_t name_bytes,
                         uint32_t other, uint32_t other_generation, uint32_t other_name_bytes) {
  struct files_call *request = begin(slot, FILES_DO_RENAME, inode, generation);
  request->name_bytes = name_bytes;
  request->other = (struct files_handle){.inode = other, .generation = other_generation};
  request->other_name_bytes = other_name_bytes;
}

EXPORT void begin_list(uint32_t slot, uint32_t inode, uint32_t generation, double position, uint32_t length) {
  struct files_call *request = begin(slot, FILES_DO_LIST, inode, generation);
  request->offset = (uint64_t)position;
  request->length = length;
}

EXPORT void begin_statistics(uint32_t slot) { begin(slot, FILES_DO_STATISTICS, 0, 0); }

EXPORT void begin_sync(uint32_t slot) { begin(slot, FILES_DO_SYNC, 0, 0); }

EXPORT void begin_reclaim(uint32_t slot, uint32_t inode, uint32_t generation) {
  begin(slot, FILES_DO_RECLAIM, inode, generation);
}

EXPORT bool run(uint32_t slot) { return files_run(files, &slots[slot].request); }
EXPORT bool can_run(uint32_t slot) { return files_can_run(files, &slots[slot].request); }
EXPORT void commit(void) { files_commit(files); }
EXPORT bool changed(void) { return files_changed(files); }

// Results.

EXPORT double result(uint32_t slot) { return (double)slots[slot].request.result; }

// Attributes are written as numbers in their order in `struct files_attributes`, times in milliseconds; the
// statistics and the orphan follow.
EXPORT void results(uint32_t slot, double *numbers) {
  const struct files_call *request = &slots[slot].request;
  const struct files_attributes *attributes = &request->attributes;
  const double all[] = {
      attributes->file.inode,
      attributes->file.generation,
      attributes->mode,
      attributes->links,
      attributes->uid,
      attributes->gid,
      attributes->device,
      (double)attributes->size,
      (double)attributes->blocks,
      (double)attributes->accessed / 1e6,
      (double)attributes->modified / 1e6,
      (double)attributes->changed / 1e6,
      request->statistics.blocks,
      request->statistics.free_blocks,
      request->statistics.inodes,
      request->statistics.free_inodes,
      request->orphan.inode,
      request->orphan.generation,
  };
  __builtin_memcpy(numbers, all, sizeof all);
}

// A listing in the slot's data. `at` is where an entry begins in it.

static const struct files_listed *listed(uint32_t slot, uint32_t at) {
  return (const struct files_listed *)(slots[slot].data + at);
}

EXPORT uint32_t listed_bytes(uint32_t slot, uint32_t at) { return listed(slot, at)->bytes; }
EXPORT double listed_next(uint32_t slot, uint32_t at) { return (double)listed(slot, at)->next; }
EXPORT const char *listed_name(uint32_t slot, uint32_t at) { return listed(slot, at)->name; }
EXPORT uint32_t listed_name_bytes(uint32_t slot, uint32_t at) { return listed(slot, at)->name_bytes; }

// Transfers.

EXPORT struct files_transfer *next_transfer(void) { return files_next_transfer(files); }
EXPORT bool transfer_is_read(const struct files_transfer *transfer) {
  return transfer->kind == FILES_TRANSFER_READ;
}
EXPORT bool transfer_is_write(const struct files_transfer *transfer) {
  return transfer->kind == FILES_TRANSFER_WRITE;
}
EXPORT uint32_t transfer_block(const struct files_transfer *transfer) { return transfer->block; }
EXPORT uint32_t transfer_count(const struct files_transfer *transfer) { return transfer->count; }
EXPORT void *transfer_data(const struct files_transfer *transfer) { return transfer->data; }
EXPORT void transfer_done(struct files_transfer *transfer, bool failed) {
  files_transfer_done(files, transfer, failed);
}

// The layout of a mounted disk.

EXPORT uint32_t first_data_block(void) { return files_layout_of(files)->data; }
EXPORT uint32_t block_count(void) { return files_layout_of(files)->blocks; }
EXPORT uint32_t journal_blocks(void) { return files_layout_of(files)->journal_blocks; }
EXPORT uint32_t journal_area(uint32_t area) { return files_layout_of(files)->journal[area]; }
EXPORT uint32_t inode_table(void) { return files_layout_of(files)->inode_table; }
EXPORT uint32_t swap_start(void) { return files_layout_of(files)->swap_start; }
EXPORT uint32_t swap_blocks(void) { return files_layout_of(files)->swap_blocks; }

// The checker.

IMPORT("read_block") bool host_read_block(uint32_t number, void *block);
IMPORT("report") void host_report(const char *message, uint32_t bytes);

static bool check_read(void *context, uint32_t number, void *block) {
  (void)context;
  return host_read_block(number, block);
}

static void check_report(void *context, const char *message) {
  (void)context;
  uint32_t bytes = 0;
  while (message[bytes] != '\0')
    bytes++;
  host_report(message, bytes);
}

// How many problems there are; UINT32_MAX when there is no memory to look for them.
EXPORT uint32_t check(void) {
  static void *memory;
  const struct files_check functions = {.read = check_read, .report = check_report};
  const struct files_layout *layout = files_layout_of(files);
  if (memory == NULL)
    memory = allocate(files_check_memory(layout));
  return memory == NULL ? UINT32_MAX : files_check(&functions, layout, memory);
}
