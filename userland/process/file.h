// Open files: what descriptors refer to, whatever is behind them.
#pragma once

#include "task.h"
#include "user.h"
#include <sys/stat.h>
#include <sys/statfs.h>

struct file;

// Those a kind of file lacks are NULL: the call ends with EINVAL or what else fits.
struct file_operations {
  // At *position, which they move. Return bytes moved, an error, or CALL_BLOCKS with task->call.done bytes
  // moved. They need not look at the access mode.
  int64_t (*read)(struct task *task, struct file *file, struct transfer *transfer, uint64_t *position);
  int64_t (*write)(struct task *task, struct file *file, struct transfer *transfer, uint64_t *position);
  // struct linux_dirent64 records.
  int64_t (*entries)(struct task *task, struct file *file, uint64_t address, size_t bytes);
  int64_t (*stat)(struct file *file, struct stat *stat);
  // POLL* bits that are so; with a task, it is put into the queues of those that change (-ENOMEM).
  int64_t (*poll)(struct file *file, struct task *task);
  int64_t (*control)(struct task *task, struct file *file, uint64_t request, uint64_t argument);
  void (*close)(struct file *file);
  bool seeks; // it has positions
};

struct file {
  const struct file_operations *operations;
  uint32_t references;
  uint32_t flags; // O_*, without those of open itself
  uint64_t position;
  bool busy; // somebody moves the position
  struct wait_queue idle;
  char *path;          // that it was opened by, or NULL
  void *object;        // of the operations
  uint64_t number;     // likewise
  uint64_t generation; // of the file server's session
  bool is_directory;
};

// With one reference; NULL: no memory. Takes a copy of the path.
struct file *file_create(const struct file_operations *operations, uint32_t flags, const char *path);
void file_retain(struct file *file);
void file_release(struct file *file);

bool file_readable(const struct file *file);
bool file_writable(const struct file *file);

// Whether a call on it must not wait.
bool file_nonblocking(const struct file *file);

// A struct stat of something that is not on any disk.
struct stat stat_of(mode_t mode, uint64_t inode, uint64_t device);

// Descriptors.

#define MAX_DESCRIPTORS 1024

struct descriptors {
  uint32_t references;
  uint32_t size;
  struct file **files;
  uint64_t close_on_exec[MAX_DESCRIPTORS / 64];
};

struct descriptors *descriptors_create(void);
struct descriptors *descriptors_copy(const struct descriptors *from);
void descriptors_release(struct descriptors *descriptors);
void descriptors_exec(struct descriptors *descriptors);

// The file, or NULL. The reference is the table's: who lets go of the lock retains it.
struct file *descriptor_file(struct task *task, uint64_t descriptor);

// Puts a file, whose reference it takes (an error too), at the lowest free number from `lowest` on.
int64_t descriptor_add(struct task *task, struct file *file, uint64_t lowest, bool close_on_exec);
int64_t descriptor_put(struct task *task, uint64_t descriptor, struct file *file, bool close_on_exec);

// Both, as pipe2 does: the numbers go to `address`. Takes both references.
int64_t descriptors_add_pair(struct task *task, struct file *first, struct file *second, uint64_t address,
                             bool close_on_exec);

// Paths.

// The normalized absolute path that a path in the process's memory means; `to` has PATH_MAX bytes. Returns 0
// or an error; ENOENT for an empty one.
int64_t path_in(struct task *task, uint64_t directory, uint64_t from, char *to);
// The same of a path that is here already.
int64_t path_absolute(struct task *task, uint64_t directory, const char *path, char *to);

// Opens a path. Returns a file in *file, or an error, or CALL_BLOCKS (a FIFO without a partner).
int64_t file_open(struct task *task, const char *path, uint32_t flags, mode_t mode, struct file **file);
int64_t path_stat(struct task *task, const char *path, bool follow, struct stat *stat);
int64_t path_readlink(struct task *task, const char *path, char *to, size_t bytes);

// synthetic.c: /dev and /proc, which are served here.
bool path_is_synthetic(const char *path);
int64_t synthetic_open(struct task *task, const char *path, uint32_t flags, struct file **file);
int64_t synthetic_stat(struct task *task, const char *path, bool follow, struct stat *stat);
int64_t synthetic_readlink(struct task *task, const char *path, char *to, size_t bytes);

// pipe.c
// Whether an open FIFO has somebody at its other end: 0, CALL_BLOCKS or an error.
int64_t fifo_await_partner(struct task *task, struct file *file);
int64_t fifo_open(struct task *task, const struct stat *stat, uint32_t flags, const char *path,
                  struct file **file);
// terminal.c
int64_t terminal_open(struct task *task, uint32_t flags, const char *path, struct file **file);
void terminal_init(uint64_t notification);
void terminal_events(uint64_t events);
// The session's leader has ended.
void terminal_abandon(pid_t session);
pid_t terminal_session(void);
pid_t terminal_foreground(void);
// random.c
void random_init(void);
void random_fill(void *to, size_t bytes);
