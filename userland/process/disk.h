// Files of the file server's, and what FIFOs and sockets there lead to.
#pragma once

#include "file.h"

int64_t disk_open(struct task *task, const char *path, uint32_t flags, mode_t mode, struct file **file);

// Whether a file is one of the file server's. Its number is file->number; EIO if that instance died.
bool file_is_on_disk(const struct file *file);
int64_t disk_check(const struct file *file);
