#pragma once
// Whole trees of files. All of these say what went wrong and return false, after doing what they could.

#include <stdbool.h>

struct copying {
  bool is_recursive; // folders too, with what is in them
  bool keeps_times;
  bool keeps_links; // copies a symbolic link itself, not what it points to
  bool is_forced;   // removes a target that cannot be written
};

bool copy_tree(const char *from, const char *to, struct copying how);
bool remove_tree(const char *path);

// Folder and last component of `from`, joined, when `to` is a folder; otherwise `to`. In memory to be freed.
char *target_path(const char *from, const char *to);
