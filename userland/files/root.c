// The root: a file system in memory, filled from the archive that the machine was started with. It is the
// same format as on disks, without a journal, on a disk whose blocks get memory when they are first written.

#include "lib/archive.h"
#include "lib/kernel.h"
#include "lib/say.h"
#include "lib/window.h"
#include "volume.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BLOCKS  16u
#define CHUNK_BYTES   (CHUNK_BLOCKS * FILES_BLOCK_BYTES)
#define CACHE_BLOCKS  160u
#define COMMIT_BLOCKS 48u

static uint8_t **chunks; // NULL: all zero
static uint32_t block_count;

// The memory of a block; NULL where there is none.
static uint8_t *find_block(uint32_t number) {
  uint8_t *chunk = chunks[number / CHUNK_BLOCKS];
  return chunk == NULL ? NULL : chunk + (size_t)(number % CHUNK_BLOCKS) * FILES_BLOCK_BYTES;
}

static bool write_block(uint32_t number, const uint8_t *from) {
  uint8_t **chunk = &chunks[number / CHUNK_BLOCKS];
  if (*chunk == NULL)
    *chunk = calloc(1, CHUNK_BYTES);
  if (*chunk == NULL)
    return false;
  memcpy(find_block(number), from, FILES_BLOCK_BYTES);
  return true;
}

static void read_block(uint32_t number, uint8_t *to) {
  const uint8_t *block = find_block(number);
  if (block != NULL)
    memcpy(to, block, FILES_BLOCK_BYTES);
  else
    memset(to, 0, FILES_BLOCK_BYTES);
}

static bool carry_out(const struct files_transfer *transfer) {
  uint8_t *data = transfer->data;
  for (uint32_t i = 0; i < transfer->count; i++, data += FILES_BLOCK_BYTES) {
    if (transfer->kind == FILES_TRANSFER_READ)
      read_block(transfer->block + i, data);
    else if (!write_block(transfer->block + i, data))
      return false;
  }
  return true;
}

static void pump(struct volume *volume) {
  struct files_transfer *transfer;
  while ((transfer = files_next_transfer(volume->files)) != NULL)
    files_transfer_done(volume->files, transfer, !carry_out(transfer));
}

static const struct device memory_device = {.pump = pump};

static void format(void) {
  struct files_parameters parameters = {.disk_blocks = block_count, .identity = 1};
  struct files_superblock superblock;
  struct files_layout layout;
  static _Alignas(8) uint8_t block[FILES_BLOCK_BYTES];
  if (!files_choose(&parameters, &superblock) || !files_layout(&superblock, block_count, &layout))
    die("no room for the root");
  for (uint32_t i = 0; i < layout.data; i++) {
    files_format_block(&superblock, 0, i, block);
    if (!write_block(i, block))
      die("no memory for the root");
  }
}

// Looks up a name, or makes a directory of it. Returns 0 or an error.
static int64_t enter(struct files_handle *directory, const char *name, size_t bytes) {
  struct files_call lookup = {
      .operation = FILES_DO_LOOKUP, .file = *directory, .name = name, .name_bytes = (uint32_t)bytes};
  int64_t error = volume_run(&volumes[ROOT_VOLUME], &lookup);
  if (error == -ENOENT) {
    lookup = (struct files_call){
        .operation = FILES_DO_CREATE,
        .file = *directory,
        .name = name,
        .name_bytes = (uint32_t)bytes,
        .attributes = {.mode = FILES_TYPE_DIRECTORY | 0755},
    };
    error = volume_run(&volumes[ROOT_VOLUME], &lookup);
  }
  *directory = lookup.attributes.file;
  return error;
}

// Finds, or makes, the directory of a path; `*name` is its last part.
static int64_t enter_all(struct files_handle *directory, const char **name) {
  const char *slash;
  while ((slash = strchr(*name, '/')) != NULL) {
    int64_t error = slash == *name ? 0 : enter(directory, *name, (size_t)(slash - *name));
    if (error < 0)
      return error;
    *name = slash + 1;
  }
  return 0;
}

static int64_t fill_file(struct files_handle file, const struct archive_member *member) {
  struct files_call write = {.operation = FILES_DO_WRITE,
                             .file = file,
                             .length = (uint32_t)member->bytes,
                             .data = (void *)(uintptr_t)member->data};
  int64_t written = member->bytes == 0 ? 0 : volume_run(&volumes[ROOT_VOLUME], &write);
  return written < 0 ? written : (uint64_t)written < member->bytes ? -ENOSPC : 0;
}

static int64_t add_member(const struct archive_member *member) {
  struct files_handle directory = files_root;
  const char *name = member->name;
  if (strncmp(name, "./", 2) == 0)
    name += 2;
  if (name[0] == '\0' || strcmp(name, ".") == 0)
    return 0;
  int64_t error = enter_all(&directory, &name);
  bool is_directory = (member->mode & FILES_TYPE_MASK) == FILES_TYPE_DIRECTORY;
  bool is_link = (member->mode & FILES_TYPE_MASK) == FILES_TYPE_LINK;
  if (error < 0 || member->bytes > UINT32_MAX)
    return error < 0 ? error : -EFBIG;
  struct files_call create = {
      .operation = FILES_DO_CREATE,
      .file = directory,
      .name = name,
      .name_bytes = (uint32_t)strlen(name),
      .attributes = {.mode = member->mode,
                     .uid = member->user,
                     .gid = member->group,
                     .device = member->major << 8 | member->minor},
      .length = is_link ? (uint32_t)member->bytes : 0,
      .data = (void *)(uintptr_t)member->data,
  };
  error = volume_run(&volumes[ROOT_VOLUME], &create);
  if (error == -EEXIST && is_directory)
    return 0;
  if (error < 0 || is_directory || is_link)
    return error;
  return fill_file(create.attributes.file, member);
}

static void wait_for_nothing(void) { die("the root waits for a disk that it does not have"); }

void root_open(const uint8_t *archive, size_t bytes, uint64_t room) {
  block_count = (uint32_t)(room / FILES_BLOCK_BYTES);
  chunks = calloc(block_count / CHUNK_BLOCKS + 1, sizeof *chunks);
  struct window memory;
  uint64_t pages = (files_memory(CACHE_BLOCKS, COMMIT_BLOCKS) + PAGE_BYTES - 1) / PAGE_BYTES;
  if (chunks == NULL || window_create(pages, &memory) < 0)
    die("no memory for the root");
  format();
  struct volume *root = &volumes[ROOT_VOLUME];
  *root = (struct volume){
      .files = files_start(memory.bytes, CACHE_BLOCKS, COMMIT_BLOCKS, block_count),
      .device = &memory_device,
      .source = "ram",
      .path = "/",
      .name = "",
  };
  volumes_wait = wait_for_nothing;
  struct files_call mount = {.operation = FILES_DO_MOUNT};
  if (volume_run(root, &mount) < 0)
    die("the root cannot be mounted");
  root->is_mounted = true;
  struct archive_member member;
  for (size_t offset = 0; archive_next(archive, bytes, &offset, &member);) {
    int64_t error = add_member(&member);
    if (error < 0)
      say("%s: error %ld", member.name, (long)error);
  }
}
