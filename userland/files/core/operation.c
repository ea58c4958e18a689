#include "operation.h"

#include "allocate.h"
#include "core.h"
#include "directory.h"
#include "inode.h"

enum { LONGEST_WAY_UP = 256, PREFETCH = 16, MOST_LINKS = 0x7fffffff };

static bool is_directory(const struct files_inode *inode) {
  return file_type(inode->mode) == FILES_TYPE_DIRECTORY;
}

static void describe(uint32_t number, const struct files_inode *inode, struct files_attributes *attributes) {
  bool is_device = file_type(inode->mode) == FILES_TYPE_CHARACTER_DEVICE ||
                   file_type(inode->mode) == FILES_TYPE_BLOCK_DEVICE;
  *attributes = (struct files_attributes){
      .file = {.inode = number, .generation = inode->generation},
      .mode = inode->mode,
      .links = inode->links,
      .uid = inode->uid,
      .gid = inode->gid,
      .device = is_device ? inode->device : 0,
      .size = inode->size,
      .blocks = inode->blocks,
      .accessed = inode->accessed,
      .modified = inode->modified,
      .changed = inode->changed,
  };
}

// The inode of a directory that was not removed.
static int directory_read(struct files *files, struct files_handle file, const struct files_inode **inode) {
  int error = inode_read(files, file, inode);
  if (error == 0 && !is_directory(*inode))
    error = -FILES_NOT_A_DIRECTORY;
  return error;
}

// The same, to get or lose a name at `now`.
static int directory_write(struct files *files, struct files_handle file, int64_t now,
                           struct files_inode **inode) {
  const struct files_inode *old;
  int error = directory_read(files, file, &old);
  if (error == 0 && old->links == 0)
    error = -FILES_NOT_FOUND;
  if (error == 0)
    error = inode_write(files, file, inode);
  if (error == 0)
    (*inode)->modified = (*inode)->changed = now;
  return error;
}

// The inode that an entry names, to be changed.
static int named_write(struct files *files, const struct found_entry *entry, struct files_inode **inode) {
  int error = inode_write_any(files, entry->inode, inode);
  return error == 0 && ((*inode)->mode == 0 || (*inode)->links == 0) ? -FILES_CORRUPT : error;
}

// A file has lost a name. If that was the last one, it is an orphan.
static int drop_link(struct files *files, uint32_t number, struct files_inode *inode,
                     struct files_call *request) {
  inode->changed = request->now;
  inode->links = is_directory(inode) ? 0 : inode->links - 1;
  if (inode->links > 0)
    return 0;
  request->orphan = (struct files_handle){.inode = number, .generation = inode->generation};
  return inode->flags & FILES_FLAG_TRUNCATING ? 0 : orphan_add(files, number, inode);
}

static int64_t mount(struct files *files) {
  if (files->mounted)
    return -FILES_BUSY;
  int error = journal_recover(files);
  if (error != 0)
    return error;
  const void *block;
  error = block_read(files, 1, &block);
  if (error != 0)
    return error;
  uint32_t number = ((const struct files_state *)block)->first_orphan;
  if (number == 0) {
    files->mounted = true;
    return 0;
  }
  struct files_inode *inode;
  error = inode_write_any(files, number, &inode);
  // Every step takes something away, so that a damaged list ends, too.
  if (error == 0 && (inode->mode == 0 || (inode->links > 0 && (inode->flags & FILES_FLAG_TRUNCATING) == 0)))
    error = -FILES_CORRUPT;
  if (error == 0)
    error = inode->links == 0 ? inode_reclaim(files, number, inode) : inode_settle(files, inode);
  return error != 0 ? error : AGAIN;
}

static int64_t lookup(struct files *files, struct files_call *request) {
  const struct files_inode *directory;
  struct found_entry found = {.inode = request->file.inode};
  int error = directory_read(files, request->file, &directory);
  if (error != 0)
    return error;
  bool is_self = request->name_bytes == 1 && request->name[0] == '.';
  bool is_parent = request->name_bytes == 2 && request->name[0] == '.' && request->name[1] == '.';
  if (is_parent)
    found.inode = directory->parent;
  if (!is_self && !is_parent) {
    error = name_check(request->name, request->name_bytes);
    if (error == 0)
      error = entry_find(files, directory, request->name, request->name_bytes, &found);
    if (error != 0)
      return error;
  }
  const struct files_inode *inode;
  error = inode_read_any(files, found.inode, &inode);
  if (error == 0 && inode->mode == 0)
    error = -FILES_CORRUPT;
  if (error == 0)
    describe(found.inode, inode, &request->attributes);
  return error;
}

static int64_t stat(struct files *files, struct files_call *request) {
  const struct files_inode *inode;
  int error = inode_read(files, request->file, &inode);
  if (error == 0)
    describe(request->file.inode, inode, &request->attributes);
  return error;
}

static int64_t set(struct files *files, struct files_call *request) {
  const struct files_attributes *wanted = &request->attributes;
  struct files_inode *inode;
  int error = inode_write(files, request->file, &inode);
  if (error == 0 && request->set & FILES_SET_SIZE) {
    if (is_directory(inode))
      error = -FILES_IS_A_DIRECTORY;
    else if (file_type(inode->mode) != FILES_TYPE_REGULAR)
      error = -FILES_INVALID;
    else if (wanted->size > file_size_limit())
      error = -FILES_TOO_LARGE;
    if (error == 0)
      error = inode_settle(files, inode);
    if (error == 0)
      error = inode_set_size(files, request->file.inode, inode, wanted->size);
    inode->modified = request->now;
  }
  if (error != 0)
    return error;
  if (request->set & FILES_SET_MODE)
    inode->mode = (uint16_t)(file_type(inode->mode) | (wanted->mode & ~(uint32_t)FILES_TYPE_MASK & 0xffff));
  if (request->set & FILES_SET_OWNER)
    inode->uid = wanted->uid;
  if (request->set & FILES_SET_GROUP)
    inode->gid = wanted->gid;
  if (request->set & FILES_SET_ACCESSED)
    inode->accessed = wanted->accessed;
  if (request->set & FILES_SET_MODIFIED)
    inode->modified = wanted->modified;
  inode->changed = request->now;
  if (inode->flags & FILES_FLAG_TRUNCATING)
    request->orphan = request->file;
  describe(request->file.inode, inode, &request->attributes);
  return 0;
}

// What can be read or written as a file: neither a directory nor a device.
static int check_has_data(const struct files_inode *inode) {
  if (is_directory(inode))
    return -FILES_IS_A_DIRECTORY;
  return file_type(inode->mode) == FILES_TYPE_REGULAR ? 0 : -FILES_INVALID;
}

static uint32_t least(uint64_t left, uint64_t right) { return (uint32_t)(left < right ? left : right); }

// Has the blocks behind one that is missing brought in, too.
static void prefetch(struct files *files, const struct files_inode *inode, uint64_t index, uint64_t end) {
  for (uint32_t i = 0; i < PREFETCH && index < end; i++, index++) {
    uint32_t number;
    if (inode_find_block(files, inode, index, &number) != 0)
      return;
    if (number != 0)
      block_prefetch(files, number);
  }
}

// Reads from `offset` on as far as blocks are there, `request->done` bytes having been read before.
static int64_t read_data(struct files *files, struct files_call *request, const struct files_inode *inode,
                         uint64_t offset) {
  uint64_t end = offset >= inode->size ? offset : offset + least(request->length, inode->size - offset);
  for (uint64_t at = offset + request->done; at < end; at = offset + request->done) {
    uint64_t index = at / FILES_BLOCK_BYTES;
    uint32_t start = at % FILES_BLOCK_BYTES;
    uint32_t bytes = least(FILES_BLOCK_BYTES - start, end - at);
    uint8_t *to = (uint8_t *)request->data + request->done;
    uint32_t number;
    const void *block;
    int error = inode_find_block(files, inode, index, &number);
    if (error == 0 && number != 0)
      error = block_read(files, number, &block);
    if (error == WAIT) {
      struct files_wait wait = files->transaction.wait;
      prefetch(files, inode, index + 1, (end + FILES_BLOCK_BYTES - 1) / FILES_BLOCK_BYTES);
      files->transaction.wait = wait;
    }
    if (error != 0)
      return error;
    if (number != 0)
      memcpy(to, (const uint8_t *)block + start, bytes);
    else
      memset(to, 0, bytes);
    request->done += bytes;
  }
  return request->done;
}

static int64_t read(struct files *files, struct files_call *request) {
  const struct files_inode *inode;
  int error = inode_read(files, request->file, &inode);
  if (error == 0)
    error = check_has_data(inode);
  return error != 0 ? error : read_data(files, request, inode, request->offset);
}

static int64_t read_link(struct files *files, struct files_call *request) {
  const struct files_inode *inode;
  int error = inode_read(files, request->file, &inode);
  if (error == 0 && file_type(inode->mode) != FILES_TYPE_LINK)
    error = -FILES_INVALID;
  return error != 0 ? error : read_data(files, request, inode, 0);
}

// Writes one block's share of a file's new bytes.
static int write_block(struct files *files, struct files_inode *inode, uint64_t at, const uint8_t *from,
                       uint32_t bytes) {
  uint32_t number;
  bool fresh;
  void *block;
  int error = inode_extend(files, inode, at / FILES_BLOCK_BYTES, &number, &fresh);
  if (error != 0)
    return error;
  error = fresh || bytes == FILES_BLOCK_BYTES ? block_new(files, number, &block)
                                              : block_write(files, number, &block);
  if (error == 0)
    memcpy((uint8_t *)block + at % FILES_BLOCK_BYTES, from, bytes);
  return error;
}

// One step: as many blocks as a transaction surely has room for.
static int64_t write(struct files *files, struct files_call *request) {
  struct files_inode *inode;
  int error = inode_write(files, request->file, &inode);
  if (error == 0)
    error = check_has_data(inode);
  if (error == 0)
    error = inode_settle(files, inode);
  if (error != 0)
    return error;
  uint64_t start = request->append ? inode->size : request->offset + request->done;
  uint32_t left = request->length - request->done;
  if (start > file_size_limit() || left > file_size_limit() - start)
    return -FILES_TOO_LARGE;
  uint32_t written = 0;
  while (written < left && transaction_room(files) >= BLOCKS_PER_EXTENSION) {
    uint64_t at = start + written;
    uint32_t bytes = least(FILES_BLOCK_BYTES - at % FILES_BLOCK_BYTES, left - written);
    error = write_block(files, inode, at, (const uint8_t *)request->data + request->done + written, bytes);
    if (error == -FILES_NO_SPACE && written > 0)
      break; // what fits is written
    if (error != 0)
      return error;
    written += bytes;
  }
  if (written > 0 && inode->size < start + written)
    inode->size = start + written;
  if (written > 0)
    inode->modified = inode->changed = request->now;
  files->transaction.advanced = written;
  request->end = start + written;
  return written < left ? AGAIN : (int64_t)request->length;
}

// Fills a new link with its target.
static int write_target(struct files *files, struct files_inode *inode, const struct files_call *request) {
  if (request->length == 0)
    return -FILES_NOT_FOUND;
  if (request->length >= FILES_BLOCK_BYTES)
    return -FILES_NAME_TOO_LONG;
  inode->size = request->length;
  return write_block(files, inode, 0, request->data, request->length);
}

// A new inode, with its next generation.
static int make_inode(struct files *files, const struct files_call *request, uint32_t *number,
                      struct files_inode **inode) {
  int error = inode_allocate(files, number);
  if (error == 0)
    error = inode_write_any(files, *number, inode);
  if (error == 0 && (*inode)->mode != 0)
    error = -FILES_CORRUPT;
  if (error != 0)
    return error;
  const struct files_attributes *wanted = &request->attributes;
  **inode = (struct files_inode){
      .mode = (uint16_t)wanted->mode,
      .links = 1,
      .uid = wanted->uid,
      .gid = wanted->gid,
      .accessed = request->now,
      .modified = request->now,
      .changed = request->now,
      .generation = (*inode)->generation + 1,
  };
  return 0;
}

// That a name can be given to something new.
static int check_new_name(struct files *files, const struct files_inode *directory, const char *name,
                          uint32_t bytes) {
  struct found_entry found;
  int error = name_check(name, bytes);
  if (error == 0)
    error = entry_find(files, directory, name, bytes, &found);
  if (error == -FILES_NOT_FOUND && bytes > 0)
    return 0;
  return error == 0 ? -FILES_EXISTS : error;
}

static int64_t create(struct files *files, struct files_call *request) {
  struct files_inode *directory;
  struct files_inode *inode;
  uint32_t number;
  uint32_t type = file_type(request->attributes.mode);
  int error = directory_write(files, request->file, request->now, &directory);
  if (error == 0)
    error = check_new_name(files, directory, request->name, request->name_bytes);
  if (error == 0)
    error = make_inode(files, request, &number, &inode);
  if (error != 0)
    return error;
  switch (type) {
  case FILES_TYPE_DIRECTORY:
    inode->links = 2;
    inode->parent = request->file.inode;
    directory->links++;
    break;
  case FILES_TYPE_LINK:
    error = write_target(files, inode, request);
    break;
  case FILES_TYPE_CHARACTER_DEVICE:
  case FILES_TYPE_BLOCK_DEVICE:
    inode->device = request->attributes.device;
    break;
  case FILES_TYPE_REGULAR:
  case FILES_TYPE_FIFO:
  case FILES_TYPE_SOCKET:
    break;
  default:
    error = -FILES_INVALID;
  }
  if (error == 0)
    error = entry_add(files, directory, request->name, request->name_bytes, number, (uint8_t)(type >> 12));
  if (error == 0)
    describe(number, inode, &request->attributes);
  return error;
}

static int64_t link(struct files *files, struct files_call *request) {
  struct files_inode *directory;
  struct files_inode *inode;
  int error = directory_write(files, request->file, request->now, &directory);
  if (error == 0)
    error = inode_write(files, request->other, &inode);
  if (error == 0 && is_directory(inode))
    error = -FILES_NOT_PERMITTED;
  if (error == 0 && inode->links == 0)
    error = -FILES_NOT_FOUND;
  if (error == 0 && inode->links >= MOST_LINKS)
    error = -FILES_TOO_MANY_LINKS;
  if (error == 0)
    error = check_new_name(files, directory, request->name, request->name_bytes);
  if (error == 0)
    error = entry_add(files, directory, request->name, request->name_bytes, request->other.inode,
                      (uint8_t)(inode->mode >> 12));
  if (error != 0)
    return error;
  inode->links++;
  inode->changed = request->now;
  describe(request->other.inode, inode, &request->attributes);
  return 0;
}

// Finds a name that is to be taken away or given elsewhere.
static int find_old_name(struct files *files, const struct files_inode *directory, const char *name,
                         uint32_t bytes, struct found_entry *found) {
  int error = name_check(name, bytes);
  // The names . and .. exist, but are not for removal.
  if (error == -FILES_EXISTS)
    return -FILES_INVALID;
  return error != 0 ? error : entry_find(files, directory, name, bytes, found);
}

// Takes a name away from `directory`: of a directory that is empty, or of anything else.
static int64_t remove_name(struct files *files, struct files_call *request, bool wants_directory) {
  struct files_inode *directory;
  struct files_inode *inode;
  struct found_entry found;
  int error = directory_write(files, request->file, request->now, &directory);
  if (error == 0)
    error = find_old_name(files, directory, request->name, request->name_bytes, &found);
  if (error == 0)
    error = named_write(files, &found, &inode);
  if (error == 0 && is_directory(inode) != wants_directory)
    error = wants_directory ? -FILES_NOT_A_DIRECTORY : -FILES_IS_A_DIRECTORY;
  if (error == 0 && wants_directory && inode->entries > 0)
    error = -FILES_NOT_EMPTY;
  if (error == 0)
    error = entry_remove(files, directory, &found);
  if (error != 0)
    return error;
  if (wants_directory)
    directory->links--;
  return drop_link(files, found.inode, inode, request);
}

// That a directory does not come to lie below itself: `moved` is not on the way from `directory` to the root.
static int check_no_cycle(struct files *files, uint32_t moved, uint32_t directory) {
  for (uint32_t steps = 0; directory != FILES_ROOT; steps++) {
    if (directory == moved)
      return -FILES_INVALID;
    if (steps == LONGEST_WAY_UP)
      return -FILES_LOOP;
    const struct files_inode *inode;
    int error = inode_read_any(files, directory, &inode);
    if (error != 0)
      return error;
    if (!is_directory(inode))
      return -FILES_CORRUPT;
    directory = inode->parent;
  }
  return 0;
}

// What is to give its name to another: of the same kind, and empty.
static int check_replaceable(const struct files_inode *inode, bool by_directory) {
  if (by_directory && !is_directory(inode))
    return -FILES_NOT_A_DIRECTORY;
  if (!by_directory && is_directory(inode))
    return -FILES_IS_A_DIRECTORY;
  return is_directory(inode) && inode->entries > 0 ? -FILES_NOT_EMPTY : 0;
}

static int64_t rename(struct files *files, struct files_call *request) {
  struct files_inode *from;
  struct files_inode *to;
  struct files_inode *inode;
  struct files_inode *replaced;
  struct found_entry old;
  struct found_entry target;
  int error = directory_write(files, request->file, request->now, &from);
  if (error == 0)
    error = directory_write(files, request->other, request->now, &to);
  if (error == 0)
    error = find_old_name(files, from, request->name, request->name_bytes, &old);
  if (error == 0)
    error = name_check(request->other_name, request->other_name_bytes);
  if (error == 0)
    error = named_write(files, &old, &inode);
  if (error != 0)
    return error;
  bool moves_directory = is_directory(inode);
  if (moves_directory && request->file.inode != request->other.inode)
    error = check_no_cycle(files, old.inode, request->other.inode);
  if (error != 0)
    return error;
  error = entry_find(files, to, request->other_name, request->other_name_bytes, &target);
  if (error != 0 && error != -FILES_NOT_FOUND)
    return error;
  bool replaces = error == 0;
  if (replaces && request->no_replace)
    return -FILES_EXISTS;
  if (replaces && target.inode == old.inode) {
    transaction_abandon(files); // two names of one file: nothing is to be done
    return 0;
  }
  if (replaces) {
    error = named_write(files, &target, &replaced);
    if (error == 0)
      error = check_replaceable(replaced, moves_directory);
    if (error == 0)
      error = entry_replace(files, &target, old.inode, old.type);
    if (error == 0)
      error = entry_remove(files, from, &old);
  } else {
    // What the old name leaves, the new one can use.
    error = entry_remove(files, from, &old);
    if (error == 0)
      error = entry_add(files, to, request->other_name, request->other_name_bytes, old.inode, old.type);
  }
  if (error != 0)
    return error;
  inode->changed = request->now;
  if (moves_directory) {
    inode->parent = request->other.inode;
    from->links--;
    to->links += !replaces;
  }
  return replaces ? drop_link(files, target.inode, replaced, request) : 0;
}

static int64_t list(struct files *files, struct files_call *request) {
  const struct files_inode *directory;
  uint64_t position = request->offset;
  uint32_t bytes;
  int error = directory_read(files, request->file, &directory);
  if (error == 0 && directory->links == 0)
    return 0;
  if (error == 0)
    error = entry_list(files, request->file, directory, &position, request->data, request->length, &bytes);
  return error != 0 ? error : (int64_t)bytes;
}

static int64_t statistics(struct files *files, struct files_call *request) {
  const void *block;
  int error = block_read(files, 1, &block);
  if (error != 0)
    return error;
  const struct files_state *state = block;
  request->statistics = (struct files_statistics){
      .blocks = files->layout.blocks - files->layout.data,
      .free_blocks = state->free_blocks,
      .inodes = files->layout.inodes - 1,
      .free_inodes = state->free_inodes,
  };
  return 0;
}

static int64_t sync(struct files *files, struct files_call *request) {
  struct journal *journal = &files->journal;
  if (!request->started) {
    request->started = true;
    request->sequence = journal->count > 0 ? journal->running : journal->running - 1;
  }
  if (files->failure != 0)
    return files->failure;
  if (journal->durable >= request->sequence)
    return 0;
  files_commit(files);
  files->transaction.wait = (struct files_wait){.kind = FILES_WAIT_COMMIT, .until = request->sequence};
  return WAIT;
}

static int64_t reclaim(struct files *files, struct files_call *request) {
  struct files_inode *inode;
  int error = inode_write(files, request->file, &inode);
  if (error != 0)
    return error;
  return inode->links == 0 ? inode_reclaim(files, request->file.inode, inode) : inode_settle(files, inode);
}

int64_t operation_step(struct files *files, struct files_call *request) {
  if (!files->mounted && request->operation != FILES_DO_MOUNT)
    return -FILES_IO_ERROR;
  request->orphan = (struct files_handle){0}; // of an attempt that was abandoned
  switch (request->operation) {
  case FILES_DO_MOUNT:
    return mount(files);
  case FILES_DO_LOOKUP:
    return lookup(files, request);
  case FILES_DO_STAT:
    return stat(files, request);
  case FILES_DO_SET:
    return set(files, request);
  case FILES_DO_READ:
    return read(files, request);
  case FILES_DO_WRITE:
    return write(files, request);
  case FILES_DO_CREATE:
    return create(files, request);
  case FILES_DO_READ_LINK:
    return read_link(files, request);
  case FILES_DO_LINK:
    return link(files, request);
  case FILES_DO_UNLINK:
    return remove_name(files, request, false);
  case FILES_DO_REMOVE_DIRECTORY:
    return remove_name(files, request, true);
  case FILES_DO_RENAME:
    return rename(files, request);
  case FILES_DO_LIST:
    return list(files, request);
  case FILES_DO_STATISTICS:
    return statistics(files, request);
  case FILES_DO_SYNC:
    return sync(files, request);
  case FILES_DO_RECLAIM:
    return reclaim(files, request);
  }
  return -FILES_INVALID;
}
