// The file system's core: what a disk with our format holds, changed by transactions that happen wholly or
// not at all.
//
// The core never blocks and never calls a device. A host hands it requests and carries out the transfers it
// asks for:
//
//   files_run(fs, request)         runs a request's operation. True: it is finished. False: it lacks a block,
//   or a
//                                  commit, and was abandoned without a trace; run it again once
//                                  `files_can_run`.
//   files_next_transfer(fs)        the next transfer the device may begin now, in any order among those
//   begun. files_transfer_done(fs, ...)   a transfer ended; some requests may run now.
//
// Not thread-safe: a host with several threads holds a lock around each call, but not while a device works.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "format.h"

struct files;
struct files_block;

// Names a file for as long as it exists: a number used again has another generation.
struct files_handle {
  uint32_t inode;
  uint32_t generation;
};

static const struct files_handle files_root = {.inode = FILES_ROOT, .generation = 1};

enum files_operation {
  FILES_DO_MOUNT,  // before anything else: recovers what the journal holds, frees what has no name
  FILES_DO_LOOKUP, // file, name: attributes. `.` and `..` are names too
  FILES_DO_STAT,   // file: attributes
  FILES_DO_SET,    // file, set, and what it names of attributes: attributes
  FILES_DO_READ,   // file, offset, length, data: bytes read
  FILES_DO_WRITE,  // file, offset (or append), length, data: bytes written
  FILES_DO_CREATE, // file (a directory), name, attributes.mode, uid, gid, device; data, length for a link's
                   // target
  FILES_DO_READ_LINK,        // file, length, data: bytes of the target, cut to length
  FILES_DO_LINK,             // file (a directory), name, other (what gets the name): attributes
  FILES_DO_UNLINK,           // file (a directory), name: `orphan` if that was the last name
  FILES_DO_REMOVE_DIRECTORY, // file (its parent), name: `orphan`
  FILES_DO_RENAME, // file, name, other (a directory), other_name: `orphan` if it took the last name of
                   // another
  FILES_DO_LIST, // file, offset (a position, 0 at first), length, data: bytes of `files_listed`, 0 at the end
  FILES_DO_STATISTICS, // statistics
  FILES_DO_SYNC,       // nothing: when finished, all that was finished before outlives the power
  FILES_DO_RECLAIM,    // file: frees a file without a name that nobody has open any more
};

struct files_attributes {
  struct files_handle file;
  uint32_t mode;
  uint32_t links;
  uint32_t uid;
  uint32_t gid;
  uint32_t device;
  uint64_t size;
  uint64_t blocks; // of FILES_BLOCK_BYTES
  int64_t accessed;
  int64_t modified;
  int64_t changed;
};

enum files_set {
  FILES_SET_MODE = 1, // permissions only
  FILES_SET_OWNER = 2,
  FILES_SET_GROUP = 4,
  FILES_SET_SIZE = 8,
  FILES_SET_ACCESSED = 16,
  FILES_SET_MODIFIED = 32,
};

// One name of a directory's listing, aligned to 8 bytes.
struct files_listed {
  uint64_t next; // position behind it
  uint32_t inode;
  uint16_t bytes; // to the next in this listing
  uint8_t type;   // mode >> 12
  uint8_t name_bytes;
  char name[];
};

struct files_statistics {
  uint32_t blocks;
  uint32_t free_blocks;
  uint32_t inodes;
  uint32_t free_inodes;
};

// What a request waits for when it is not finished. The host only passes it on to `files_can_run`.
struct files_wait {
  enum { FILES_WAIT_NOTHING, FILES_WAIT_BLOCK, FILES_WAIT_PROGRESS, FILES_WAIT_COMMIT } kind;
  uint64_t until; // of progress, or a transaction's number
  struct files_block *block;
};

// The host fills in the arguments of its operation and leaves the rest zero. Whatever it points to stays as
// it is until the request is finished; `data` of a read may be written meanwhile.
struct files_call {
  enum files_operation operation;
  struct files_handle file;
  struct files_handle other;
  const char *name; // not terminated
  uint32_t name_bytes;
  const char *other_name;
  uint32_t other_name_bytes;
  uint64_t offset;
  uint32_t length;
  void *data;
  bool append;     // of a write: at the end, wherever that is
  bool no_replace; // of a rename: the other name must not be there
  uint32_t set;    // of enum files_set
  int64_t now;     // nanoseconds since 1970, for what the operation changes

  uint64_t end;   // of a write: the position behind it
  int64_t result; // 0 or more, or the negative of an enum files_error
  struct files_attributes attributes;
  struct files_statistics statistics;
  struct files_handle orphan; // inode 0: none. Reclaim it when nobody has it open

  // The core's own.
  struct files_wait wait;
  uint32_t done; // bytes of a read or a write that is finished in part
  uint32_t restarts;
  uint64_t sequence; // transaction that a sync waits for
  bool started;
};

enum files_transfer_kind { FILES_TRANSFER_READ, FILES_TRANSFER_WRITE, FILES_TRANSFER_FLUSH };

// Something for the device to do. A flush is only asked for when every write before it has ended.
struct files_transfer {
  enum files_transfer_kind kind;
  uint32_t block;
  uint32_t count; // blocks, next to each other on disk and in `data`
  void *data;
  bool failed; // for the host, who may carry it out in pieces
  struct files_transfer *next;
  struct files_block *loads; // the core's own
};

// Fewest blocks of cache, and of a transaction, that work.
enum { FILES_LEAST_CACHE = 128, FILES_LEAST_COMMIT = 32 };

// Bytes that a file system needs: `cache_blocks` of the disk, and transactions of up to `commit_blocks`
// blocks.
size_t files_memory(uint32_t cache_blocks, uint32_t commit_blocks);

// A file system on a disk of `disk_blocks` blocks, in `memory`, which is zero and aligned to blocks. All it
// ever transfers lies in this memory. Mount it first.
struct files *files_start(void *memory, uint32_t cache_blocks, uint32_t commit_blocks, uint32_t disk_blocks);

bool files_run(struct files *files, struct files_call *request);
bool files_can_run(const struct files *files, const struct files_call *request);

struct files_transfer *files_next_transfer(struct files *files);
void files_transfer_done(struct files *files, struct files_transfer *transfer, bool failed);

// Asks for a commit of what has changed, soon and without waiting: a host does it every few seconds.
void files_commit(struct files *files);

// Whether anything has changed that is not on the disk for good.
bool files_changed(const struct files *files);

// Where everything lies, once mounted.
const struct files_layout *files_layout_of(const struct files *files);
