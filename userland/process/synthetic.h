// What /dev and /proc are made of.
#pragma once

#include "file.h"

struct node {
  const char *path; // absolute
  mode_t mode;
  uint64_t inode, device;
  int64_t (*open)(struct task *task, const struct node *node, uint32_t flags, struct file **file);
  // Of a symbolic link: its target's bytes, cut off at `bytes`.
  int64_t (*read_link)(struct task *task, const struct node *node, char *to, size_t bytes);
  struct file *linked; // of a link that stands for an open file
  // For /proc:
  struct process *process;
  uint64_t native; // id of a process that is no POSIX process, or 0
  uint64_t number; // of a thread, or descriptor
  const void *entry;
};

// `rest` is the path behind "/dev" and "/proc". Return 0 or an error.
int64_t device_find(struct task *task, const char *rest, struct node *node);
int64_t proc_find(struct task *task, const char *rest, struct node *node);

// A link target that is this text.
int64_t link_text(const char *text, char *to, size_t bytes);
