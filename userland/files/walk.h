// Finding what a path names, through mounted volumes and symbolic links. A walk that lacks a block of the
// disk goes on where it was.
#pragma once

#include "volume.h"
#include <stdbool.h>

enum { WALK_PATH_BYTES = 4096, WALK_PENDING = -1000 }; // it waits: for `request` in `volume`

enum walk_goal {
  WALK_TO_TARGET, // what the path names; a symbolic link's own target, with `follows`
  WALK_TO_PARENT, // the directory that the last name lies in, be there such a name or not
};

struct walk {
  // Set by walk_begin.
  enum walk_goal goal;
  bool follows;
  // Where it is: in the end, the target.
  struct volume *volume;
  struct files_handle file;
  uint32_t mode;
  // Where the last name lies, or would.
  struct files_handle directory;
  uint32_t name, name_bytes; // in the path
  // What is left of the path.
  char *path;
  uint32_t at, bytes;
  // How it gets on.
  struct files_call request;
  bool is_busy;         // the request is under way
  bool is_reading_link; // what it reads is a link's target
  unsigned links;
  char link[WALK_PATH_BYTES];
  char text[2][WALK_PATH_BYTES]; // the path, and where it is put together with a link's target
};

// Begins with a copy of the path, which has less than WALK_PATH_BYTES.
void walk_begin(struct walk *walk, const char *path, uint32_t bytes, enum walk_goal goal, bool follows);

// Goes on. 0: found. -ENOENT: `directory` and the name tell where nothing is, if `walk_is_last`.
// WALK_PENDING, or an error.
int64_t walk_run(struct walk *walk);

// Whether the name that was looked up is the path's last.
bool walk_is_last(const struct walk *walk);

// The last name.
static inline const char *walk_name(const struct walk *walk) { return walk->path + walk->name; }
