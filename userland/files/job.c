#include "job.h"
#include "lib/server.h"
#include "protocol/files.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#define RENAME_NOREPLACE  1u
#define FILES_TYPE_NUMBER 0x54465331 // of statfs

// Besides results, a step answers these.
enum {
  NEXT_REQUEST = -2000, // the job's request is to be run
  PENDING = -2001,
};

static uint32_t label_of(const struct job *job) { return TAG_LABEL(job->message.tag); }

static uint64_t word(const struct job *job, unsigned index) { return job->message.words[index]; }

static void *window(const struct job *job, uint64_t offset, uint64_t bytes) {
  return session_window(job->session, offset, bytes);
}

// Prepares a request about a file.
static void prepare(struct job *job, enum files_operation operation, struct volume *volume,
                    struct files_handle file) {
  job->volume = volume;
  job->file = file;
  job->request = (struct files_call){.operation = operation, .file = file, .now = time_now()};
}

static int64_t request_about(struct job *job, enum files_operation operation, struct volume *volume,
                             struct files_handle file) {
  prepare(job, operation, volume, file);
  return NEXT_REQUEST;
}

// Prepares a request about the last name of a path.
static void prepare_named(struct job *job, enum files_operation operation, const struct walk *walk) {
  prepare(job, operation, walk->volume, walk->directory);
  job->request.name = walk_name(walk);
  job->request.name_bytes = walk->name_bytes;
}

// Starts to walk a path of the window. 0 or an error.
static int64_t begin_walk(struct job *job, unsigned index, uint64_t text, enum walk_goal goal, bool follows) {
  uint32_t bytes = WINDOW_TEXT_BYTES(text);
  const char *path = window(job, WINDOW_TEXT_OFFSET(text), bytes);
  if (bytes > FILES_PATH_BYTES)
    return -ENAMETOOLONG;
  if (path == NULL)
    return -EFAULT;
  walk_begin(&job->walks[index], path, bytes, goal, follows);
  job->stage = index == 0 ? JOB_WALK_FIRST : JOB_WALK_SECOND;
  return 0;
}

// A target: a path, or the number of an open file, which needs no walk.
static int64_t begin_target(struct job *job, uint64_t target, bool follows) {
  if (WINDOW_TEXT_BYTES(target) != 0)
    return begin_walk(job, 0, target, WALK_TO_TARGET, follows);
  const struct open_file *open = file_find(job->session, target);
  if (open == NULL)
    return -EBADF;
  job->walks[0].volume = open->volume;
  job->walks[0].file = open->file;
  job->stage = JOB_STEP;
  return 0;
}

static int64_t begin_open(struct job *job) {
  int flags = (int)word(job, 1);
  bool follows = (flags & O_NOFOLLOW) == 0 && (flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
  return begin_walk(job, 0, word(job, 0), WALK_TO_TARGET, follows);
}

// Which paths a request has to walk first. 0 or an error.
static int64_t begin_stage(struct job *job) {
  switch (label_of(job)) {
  case FILES_OPEN:
    return begin_open(job);
  case FILES_STAT:
  case FILES_CHANGE_MODE:
  case FILES_CHANGE_OWNER:
  case FILES_SET_TIMES:
    return begin_target(job, word(job, 0), (word(job, 1) & FILES_FOLLOW) != 0);
  case FILES_LINK:
    return begin_target(job, word(job, 0), (word(job, 2) & FILES_FOLLOW) != 0);
  case FILES_TRUNCATE:
  case FILES_STATISTICS:
    return begin_target(job, word(job, 0), true);
  case FILES_UNMOUNT:
    return begin_walk(job, 0, word(job, 0), WALK_TO_TARGET, true);
  case FILES_MOUNT:
    return begin_walk(job, 0, word(job, 1), WALK_TO_TARGET, true);
  case FILES_MAKE_DIRECTORY:
  case FILES_MAKE_NODE:
  case FILES_REMOVE_DIRECTORY:
  case FILES_UNLINK:
  case FILES_RENAME:
    return begin_walk(job, 0, word(job, 0), WALK_TO_PARENT, false);
  case FILES_SYMLINK:
    return begin_walk(job, 0, word(job, 1), WALK_TO_PARENT, false);
  case FILES_READLINK:
    return begin_walk(job, 0, word(job, 0), WALK_TO_TARGET, false);
  case FILES_CLOSE:
  case FILES_READ:
  case FILES_WRITE:
  case FILES_ENTRIES:
  case FILES_SYNCHRONIZE:
  case FILES_MOUNTS:
    job->stage = JOB_STEP;
    return 0;
  default:
    return -ENOSYS;
  }
}

// The second path of requests that have two.
static int64_t begin_second(struct job *job) {
  switch (label_of(job)) {
  case FILES_RENAME:
  case FILES_LINK:
    return begin_walk(job, 1, word(job, 1), WALK_TO_PARENT, false);
  default:
    return 0;
  }
}

static void fill_stat(const struct volume *volume, const struct files_attributes *attributes,
                      struct stat *stat) {
  *stat = (struct stat){
      .st_dev = (dev_t)(volume - volumes) + 1,
      .st_ino = attributes->file.inode,
      .st_mode = attributes->mode,
      .st_nlink = attributes->links,
      .st_uid = attributes->uid,
      .st_gid = attributes->gid,
      .st_rdev = attributes->device,
      .st_size = (off_t)attributes->size,
      .st_blksize = FILES_BLOCK_BYTES,
      .st_blocks = (blkcnt_t)(attributes->blocks * (FILES_BLOCK_BYTES / 512)),
      .st_atim = {attributes->accessed / 1000000000, attributes->accessed % 1000000000},
      .st_mtim = {attributes->modified / 1000000000, attributes->modified % 1000000000},
      .st_ctim = {attributes->changed / 1000000000, attributes->changed % 1000000000},
  };
}

static bool is_directory(uint32_t mode) { return (mode & FILES_TYPE_MASK) == FILES_TYPE_DIRECTORY; }
static bool is_regular(uint32_t mode) { return (mode & FILES_TYPE_MASK) == FILES_TYPE_REGULAR; }

// The file is found, made, or cut: opens it.
static int64_t finish_open(struct job *job, const struct files_attributes *attributes) {
  int flags = (int)word(job, 1);
  struct stat *stat = window(job, word(job, 3), sizeof *stat);
  if (stat == NULL)
    return -EFAULT;
  fill_stat(job->volume, attributes, stat);
  return file_open(job->session, job->volume, attributes->file, flags);
}

// Whether what was found may be opened so.
static int64_t check_open(uint32_t mode, int flags) {
  bool writes = (flags & O_ACCMODE) != O_RDONLY;
  if ((flags & O_CREAT) != 0 && (flags & O_EXCL) != 0)
    return -EEXIST;
  if ((mode & FILES_TYPE_MASK) == FILES_TYPE_LINK)
    return (flags & O_PATH) != 0 ? 0 : -ELOOP;
  if ((flags & O_DIRECTORY) != 0 && !is_directory(mode))
    return -ENOTDIR;
  return is_directory(mode) && (writes || (flags & O_CREAT) != 0) ? -EISDIR : 0;
}

// Steps: 0: what the walk has found, or that there is nothing; 1: the file's attributes, or the new file's;
// 2: it is cut.
static int64_t step_open(struct job *job, int64_t result) {
  int flags = (int)word(job, 1);
  struct walk *walk = &job->walks[0];
  if (job->steps == 0) {
    if (result == 0)
      return request_about(job, FILES_DO_STAT, walk->volume, walk->file);
    if (result != -ENOENT || (flags & O_CREAT) == 0 || !walk_is_last(walk))
      return result;
    prepare_named(job, FILES_DO_CREATE, walk);
    job->request.attributes.mode = FILES_TYPE_REGULAR | ((uint32_t)word(job, 2) & 07777);
    return NEXT_REQUEST;
  }
  bool was_made = job->request.operation == FILES_DO_CREATE;
  if (was_made && result == -EEXIST) {
    // Somebody else was quicker. It is there now.
    int64_t error = begin_open(job);
    job->steps = 0;
    return error < 0 ? error : PENDING;
  }
  if (result < 0)
    return result;
  const struct files_attributes attributes = job->request.attributes;
  if (job->steps == 1 && !was_made) {
    int64_t error = check_open(attributes.mode, flags);
    if (error < 0)
      return error;
    bool is_cut = (flags & O_TRUNC) != 0 && (flags & O_ACCMODE) != O_RDONLY && is_regular(attributes.mode);
    if (is_cut && attributes.size > 0) {
      prepare(job, FILES_DO_SET, job->volume, attributes.file);
      job->request.set = FILES_SET_SIZE;
      return NEXT_REQUEST;
    }
  }
  return finish_open(job, &attributes);
}

static int64_t step_close(struct job *job) {
  struct open_file *open = file_find(job->session, word(job, 0));
  if (open == NULL)
    return -EBADF;
  job->volume = open->volume;
  job->file = open->file;
  file_close(open);
  // If its last name is gone, what it holds goes, too; if not, that does nothing.
  if (!file_is_open(job->volume, job->file))
    job->request.orphan = job->file;
  return 0;
}

static int64_t step_read(struct job *job, int64_t result) {
  const struct open_file *open = file_find(job->session, word(job, 0));
  if (job->steps > 0)
    return result;
  if (open == NULL || (open->flags & O_ACCMODE) == O_WRONLY)
    return -EBADF;
  uint32_t bytes = word(job, 3) > UINT32_MAX ? UINT32_MAX : (uint32_t)word(job, 3);
  prepare(job, FILES_DO_READ, open->volume, open->file);
  job->request.offset = word(job, 1);
  job->request.length = bytes;
  job->request.data = window(job, word(job, 2), bytes);
  return job->request.data == NULL ? -EFAULT : NEXT_REQUEST;
}

static int64_t step_write(struct job *job, int64_t result) {
  const struct open_file *open = file_find(job->session, word(job, 0));
  if (job->steps > 0) {
    job->message.words[1] = job->request.end;
    return result;
  }
  if (open == NULL || (open->flags & O_ACCMODE) == O_RDONLY)
    return -EBADF;
  uint32_t bytes = word(job, 3) > UINT32_MAX ? UINT32_MAX : (uint32_t)word(job, 3);
  prepare(job, FILES_DO_WRITE, open->volume, open->file);
  job->request.append = word(job, 1) == FILES_APPEND;
  job->request.offset = job->request.append ? 0 : word(job, 1);
  job->request.length = bytes;
  job->request.data = window(job, word(job, 2), bytes);
  return job->request.data == NULL ? -EFAULT : NEXT_REQUEST;
}

// Linux's struct linux_dirent64.
struct directory_record {
  uint64_t inode;
  uint64_t next;
  uint16_t bytes;
  uint8_t type;
  char name[];
};

enum { RECORD_NAME = 19, RECORD_ALIGNMENT = 8 };

// Writes a listing as records, as many as have room. Returns their bytes.
static int64_t write_records(const uint8_t *listing, int64_t listed_bytes, uint8_t *to, uint64_t room) {
  uint64_t written = 0;
  for (int64_t at = 0; at < listed_bytes;) {
    const struct files_listed *listed = (const struct files_listed *)(listing + at);
    uint64_t bytes = (RECORD_NAME + listed->name_bytes + 1ul + RECORD_ALIGNMENT - 1) & -RECORD_ALIGNMENT;
    if (bytes > room - written)
      break;
    uint8_t record[RECORD_NAME + FILES_NAME_BYTES + RECORD_ALIGNMENT] = {0};
    uint64_t inode = listed->inode, next = listed->next;
    uint16_t length = (uint16_t)bytes;
    memcpy(record, &inode, 8);
    memcpy(record + 8, &next, 8);
    memcpy(record + 16, &length, 2);
    record[18] = listed->type; // the numbers of mode >> 12 are those of DT_*
    memcpy(record + RECORD_NAME, listed->name, listed->name_bytes);
    memcpy(to + written, record, bytes);
    written += bytes;
    at += listed->bytes;
  }
  return written == 0 && listed_bytes > 0 ? -EINVAL : (int64_t)written;
}

static int64_t step_entries(struct job *job, int64_t result) {
  const struct open_file *open = file_find(job->session, word(job, 0));
  uint8_t *to = window(job, word(job, 2), word(job, 3));
  if (open == NULL)
    return -EBADF;
  if (to == NULL)
    return -EFAULT;
  if (job->steps > 0)
    return result < 0 ? result : write_records(job->scratch, result, to, word(job, 3));
  prepare(job, FILES_DO_LIST, open->volume, open->file);
  job->request.offset = word(job, 1);
  job->request.length = sizeof job->scratch;
  job->request.data = job->scratch;
  return NEXT_REQUEST;
}

static int64_t step_stat(struct job *job, int64_t result) {
  if (job->steps == 0)
    return result < 0 ? result : request_about(job, FILES_DO_STAT, job->walks[0].volume, job->walks[0].file);
  struct stat *stat = window(job, word(job, 2), sizeof *stat);
  if (result < 0 || stat == NULL)
    return result < 0 ? result : -EFAULT;
  fill_stat(job->volume, &job->request.attributes, stat);
  return 0;
}

static int64_t step_make(struct job *job, int64_t result) {
  if (job->steps > 0 || result < 0)
    return result;
  uint32_t mode = (uint32_t)word(job, 1);
  prepare_named(job, FILES_DO_CREATE, &job->walks[0]);
  if (label_of(job) == FILES_MAKE_DIRECTORY)
    mode = FILES_TYPE_DIRECTORY | (mode & 07777);
  else if ((mode & FILES_TYPE_MASK) == 0)
    mode |= FILES_TYPE_REGULAR;
  if (label_of(job) == FILES_MAKE_NODE && (is_directory(mode) || (mode & FILES_TYPE_MASK) == FILES_TYPE_LINK))
    return -EINVAL;
  job->request.attributes.mode = mode & (FILES_TYPE_MASK | 07777);
  return NEXT_REQUEST;
}

static bool is_covered(const struct walk *walk) {
  return is_mount_point(walk->volume, walk->directory, walk_name(walk), walk->name_bytes);
}

static int64_t step_remove(struct job *job, int64_t result) {
  if (job->steps > 0 || result < 0)
    return result;
  if (is_covered(&job->walks[0]))
    return -EBUSY;
  bool is_unlink = label_of(job) == FILES_UNLINK;
  prepare_named(job, is_unlink ? FILES_DO_UNLINK : FILES_DO_REMOVE_DIRECTORY, &job->walks[0]);
  return NEXT_REQUEST;
}

static int64_t step_rename(struct job *job, int64_t result) {
  const struct walk *to = &job->walks[1];
  if (job->steps > 0 || result < 0)
    return result;
  if (job->walks[0].volume != to->volume)
    return -EXDEV;
  if (is_covered(&job->walks[0]) || is_covered(to))
    return -EBUSY;
  if ((word(job, 2) & ~(uint64_t)RENAME_NOREPLACE) != 0)
    return -EINVAL;
  prepare_named(job, FILES_DO_RENAME, &job->walks[0]);
  job->request.other = to->directory;
  job->request.other_name = walk_name(to);
  job->request.other_name_bytes = to->name_bytes;
  job->request.no_replace = (word(job, 2) & RENAME_NOREPLACE) != 0;
  return NEXT_REQUEST;
}

static int64_t step_link(struct job *job, int64_t result) {
  const struct walk *to = &job->walks[1];
  if (job->steps > 0 || result < 0)
    return result > 0 ? 0 : result;
  if (job->walks[0].volume != to->volume)
    return -EXDEV;
  prepare_named(job, FILES_DO_LINK, to);
  job->request.other = job->walks[0].file;
  return NEXT_REQUEST;
}

static int64_t step_symlink(struct job *job, int64_t result) {
  if (job->steps > 0 || result < 0)
    return result;
  uint32_t bytes = WINDOW_TEXT_BYTES(word(job, 0));
  prepare_named(job, FILES_DO_CREATE, &job->walks[0]);
  job->request.attributes.mode = FILES_TYPE_LINK | 0777;
  job->request.length = bytes;
  job->request.data = window(job, WINDOW_TEXT_OFFSET(word(job, 0)), bytes);
  return job->request.data == NULL ? -EFAULT : NEXT_REQUEST;
}

static int64_t step_read_link(struct job *job, int64_t result) {
  if (job->steps > 0 || result < 0)
    return result;
  uint32_t bytes = word(job, 2) > FILES_BLOCK_BYTES ? FILES_BLOCK_BYTES : (uint32_t)word(job, 2);
  prepare(job, FILES_DO_READ_LINK, job->walks[0].volume, job->walks[0].file);
  job->request.length = bytes;
  job->request.data = window(job, word(job, 1), bytes);
  return job->request.data == NULL ? -EFAULT : NEXT_REQUEST;
}

static int64_t nanoseconds(const struct timespec *time, int64_t now) {
  return time->tv_nsec == UTIME_NOW ? now : time->tv_sec * 1000000000 + time->tv_nsec;
}

static int64_t set_times(struct job *job) {
  const struct timespec *window_times = window(job, word(job, 2), 2 * sizeof *window_times);
  if (window_times == NULL)
    return -EFAULT;
  struct timespec times[2];
  memcpy(times, window_times, sizeof times);
  job->request.set = (times[0].tv_nsec == UTIME_OMIT ? 0u : (uint32_t)FILES_SET_ACCESSED) |
                     (times[1].tv_nsec == UTIME_OMIT ? 0u : (uint32_t)FILES_SET_MODIFIED);
  job->request.attributes.accessed = nanoseconds(&times[0], job->request.now);
  job->request.attributes.modified = nanoseconds(&times[1], job->request.now);
  return NEXT_REQUEST;
}

static int64_t step_set(struct job *job, int64_t result) {
  if (job->steps > 0 || result < 0)
    return result;
  prepare(job, FILES_DO_SET, job->walks[0].volume, job->walks[0].file);
  struct files_attributes *wanted = &job->request.attributes;
  switch (label_of(job)) {
  case FILES_TRUNCATE:
    if ((int64_t)word(job, 1) < 0)
      return -EINVAL;
    job->request.set = FILES_SET_SIZE;
    wanted->size = word(job, 1);
    return NEXT_REQUEST;
  case FILES_CHANGE_MODE:
    job->request.set = FILES_SET_MODE;
    wanted->mode = (uint32_t)word(job, 2) & 07777;
    return NEXT_REQUEST;
  case FILES_CHANGE_OWNER:
    wanted->uid = (uint32_t)word(job, 2);
    wanted->gid = (uint32_t)(word(job, 2) >> 32);
    job->request.set = (wanted->uid == UINT32_MAX ? 0u : (uint32_t)FILES_SET_OWNER) |
                       (wanted->gid == UINT32_MAX ? 0u : (uint32_t)FILES_SET_GROUP);
    return NEXT_REQUEST;
  default:
    return set_times(job);
  }
}

// One volume after the other, or only the file's.
static int64_t step_synchronize(struct job *job, int64_t result) {
  if (result < 0)
    return result;
  if (word(job, 0) != FILES_EVERYTHING) {
    const struct open_file *open = file_find(job->session, word(job, 0));
    if (job->steps > 0)
      return 0;
    return open == NULL ? -EBADF : request_about(job, FILES_DO_SYNC, open->volume, open->file);
  }
  for (; job->steps < MOST_VOLUMES; job->steps++) {
    if (volumes[job->steps].is_mounted)
      return request_about(job, FILES_DO_SYNC, &volumes[job->steps], files_root);
  }
  return 0;
}

static int64_t step_statistics(struct job *job, int64_t result) {
  if (job->steps == 0)
    return result < 0 ? result
                      : request_about(job, FILES_DO_STATISTICS, job->walks[0].volume, job->walks[0].file);
  struct statfs *to = window(job, word(job, 1), sizeof *to);
  if (result < 0 || to == NULL)
    return result < 0 ? result : -EFAULT;
  const struct files_statistics *found = &job->request.statistics;
  *to = (struct statfs){
      .f_type = FILES_TYPE_NUMBER,
      .f_bsize = FILES_BLOCK_BYTES,
      .f_frsize = FILES_BLOCK_BYTES,
      .f_blocks = found->blocks,
      .f_bfree = found->free_blocks,
      .f_bavail = found->free_blocks,
      .f_files = found->inodes,
      .f_ffree = found->free_inodes,
      .f_namelen = FILES_NAME_BYTES,
  };
  return 0;
}

static int64_t step_mounts(struct job *job) {
  int used = 0;
  char *text = (char *)job->scratch;
  for (unsigned i = 0; i < MOST_VOLUMES; i++) {
    if (volumes[i].is_mounted)
      used += snprintf(text + used, sizeof job->scratch - (size_t)used, "%s %s trapframe rw 0 0\n",
                       volumes[i].source, volumes[i].path);
  }
  char *to = window(job, word(job, 0), word(job, 1));
  if (to == NULL)
    return -EFAULT;
  if ((uint64_t)used > word(job, 1))
    used = (int)word(job, 1);
  memcpy(to, text, (size_t)used);
  return used;
}

// What there is to be mounted is the disk.
static int64_t step_mount(struct job *job, int64_t result) {
  const struct walk *walk = &job->walks[0];
  struct volume *disk = &volumes[DISK_VOLUME];
  uint32_t source_bytes = WINDOW_TEXT_BYTES(word(job, 0)), path_bytes = WINDOW_TEXT_BYTES(word(job, 1));
  const char *source = window(job, WINDOW_TEXT_OFFSET(word(job, 0)), source_bytes);
  const char *path = window(job, WINDOW_TEXT_OFFSET(word(job, 1)), path_bytes);
  if (result < 0)
    return result;
  if (!is_directory(walk->mode))
    return -ENOTDIR;
  if (source == NULL || disk->source == NULL || strlen(disk->source) != source_bytes ||
      memcmp(disk->source, source, source_bytes) != 0)
    return -ENODEV;
  if (word(job, 3) != 0)
    return -EINVAL;
  if (disk->is_mounted || walk->volume == disk || walk->file.inode == FILES_ROOT)
    return -EBUSY;
  if (path_bytes >= sizeof disk->path)
    return -ENAMETOOLONG;
  snprintf(disk->path, sizeof disk->path, "%.*s", (int)path_bytes, path);
  snprintf(disk->name, sizeof disk->name, "%.*s", (int)walk->name_bytes, walk_name(walk));
  disk->parent = walk->volume;
  disk->directory = walk->directory;
  disk->point = walk->file;
  disk->is_mounted = true;
  return 0;
}

// What changed is written first. Who has a file open keeps the volume.
static int64_t step_unmount(struct job *job, int64_t result) {
  struct volume *volume = job->walks[0].volume;
  if (result < 0)
    return result;
  if (volume->parent == NULL || job->walks[0].file.inode != FILES_ROOT)
    return -EINVAL;
  if (volume_is_busy(volume))
    return -EBUSY;
  if (job->steps == 0)
    return request_about(job, FILES_DO_SYNC, volume, files_root);
  volume->is_mounted = false;
  return 0;
}

static int64_t step(struct job *job, int64_t result) {
  switch (label_of(job)) {
  case FILES_OPEN:
    return step_open(job, result);
  case FILES_CLOSE:
    return step_close(job);
  case FILES_READ:
    return step_read(job, result);
  case FILES_WRITE:
    return step_write(job, result);
  case FILES_ENTRIES:
    return step_entries(job, result);
  case FILES_STAT:
    return step_stat(job, result);
  case FILES_MAKE_DIRECTORY:
  case FILES_MAKE_NODE:
    return step_make(job, result);
  case FILES_REMOVE_DIRECTORY:
  case FILES_UNLINK:
    return step_remove(job, result);
  case FILES_RENAME:
    return step_rename(job, result);
  case FILES_LINK:
    return step_link(job, result);
  case FILES_SYMLINK:
    return step_symlink(job, result);
  case FILES_READLINK:
    return step_read_link(job, result);
  case FILES_TRUNCATE:
  case FILES_CHANGE_MODE:
  case FILES_CHANGE_OWNER:
  case FILES_SET_TIMES:
    return step_set(job, result);
  case FILES_SYNCHRONIZE:
    return step_synchronize(job, result);
  case FILES_STATISTICS:
    return step_statistics(job, result);
  case FILES_MOUNTS:
    return step_mounts(job);
  case FILES_MOUNT:
    return step_mount(job, result);
  case FILES_UNMOUNT:
    return step_unmount(job, result);
  default:
    return -ENOSYS;
  }
}

// Answers the client, and has what it left behind freed, if nobody else has it open.
static void answer(struct job *job, int64_t result) {
  struct message message = {.tag = TAG(0, 2, 0), .words = {(uint64_t)result, job->message.words[1]}};
  if (label_of(job) != FILES_WRITE)
    message = message_result(result);
  message_reply(job->reply, &message); // a client that died needs none
  struct files_handle orphan = job->request.orphan;
  bool is_left = orphan.inode != 0 && !file_is_open(job->volume, orphan);
  job->stage = is_left ? JOB_RECLAIM : JOB_DONE;
  if (is_left)
    prepare(job, FILES_DO_RECLAIM, job->volume, orphan);
}

// Takes a step's answer: an answer to the client, or what is next.
static void take_step(struct job *job, int64_t result) {
  if (result == NEXT_REQUEST) {
    job->steps++;
    job->stage = JOB_REQUEST;
  } else if (result != PENDING) {
    answer(job, result);
  }
}

bool job_begin(struct job *job, struct message *message) {
  job->message = *message;
  job->session = session_find(message->badge);
  job->reply = 0;
  job->steps = 0;
  job->volume = NULL;
  job->request = (struct files_call){0};
  int64_t error = job->session == NULL ? -ESTALE : begin_stage(job);
  if (error == 0)
    return true;
  message_drop_capabilities(message);
  *message = message_result(error);
  return false;
}

// Goes on with a walk. False: it waits.
static bool walk_stage(struct job *job, unsigned index) {
  int64_t result = walk_run(&job->walks[index]);
  if (result == WALK_PENDING)
    return false;
  job->stage = JOB_STEP;
  if (result == 0 && index == 0)
    result = begin_second(job);
  if (result < 0 || job->stage == JOB_STEP)
    take_step(job, step(job, result));
  return true;
}

// Goes on with the request. False: it waits.
static bool request_stage(struct job *job) {
  if (!files_run(job->volume->files, &job->request))
    return false;
  take_step(job, step(job, job->request.result));
  return true;
}

bool job_run(struct job *job) {
  for (;;) {
    switch (job->stage) {
    case JOB_WALK_FIRST:
      if (!walk_stage(job, 0))
        return false;
      break;
    case JOB_WALK_SECOND:
      if (!walk_stage(job, 1))
        return false;
      break;
    case JOB_STEP:
      take_step(job, step(job, 0));
      break;
    case JOB_REQUEST:
      if (!request_stage(job))
        return false;
      break;
    case JOB_RECLAIM:
      if (!files_run(job->volume->files, &job->request))
        return false;
      job->stage = JOB_DONE;
      break;
    case JOB_DONE:
      return true;
    }
  }
}

bool job_can_run(const struct job *job) {
  switch (job->stage) {
  case JOB_WALK_FIRST:
  case JOB_WALK_SECOND: {
    const struct walk *walk = &job->walks[job->stage == JOB_WALK_SECOND];
    return files_can_run(walk->volume->files, &walk->request);
  }
  case JOB_REQUEST:
  case JOB_RECLAIM:
    return files_can_run(job->volume->files, &job->request);
  default:
    return true;
  }
}
