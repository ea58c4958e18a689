#include "walk.h"
#include <errno.h>
#include <string.h>

#define MOST_LINKS 40u // as Linux

void walk_begin(struct walk *walk, const char *path, uint32_t bytes, enum walk_goal goal, bool follows) {
  walk->goal = goal;
  walk->follows = follows;
  walk->volume = &volumes[ROOT_VOLUME];
  walk->directory = walk->file = files_root;
  walk->mode = FILES_TYPE_DIRECTORY;
  walk->is_busy = walk->is_reading_link = false;
  walk->links = 0;
  walk->path = walk->text[0];
  walk->at = 0;
  walk->bytes = bytes;
  memcpy(walk->path, path, bytes);
}

static void skip_slashes(struct walk *walk) {
  while (walk->at < walk->bytes && walk->path[walk->at] == '/')
    walk->at++;
}

bool walk_is_last(const struct walk *walk) {
  for (uint32_t at = walk->at; at < walk->bytes; at++) {
    if (walk->path[at] != '/')
      return false;
  }
  return true;
}

// Whether a slash at the path's end asks for a directory.
static bool ends_in_slash(const struct walk *walk) {
  return walk->bytes > 0 && walk->path[walk->bytes - 1] == '/';
}

static bool is_type(const struct walk *walk, uint32_t type) { return (walk->mode & FILES_TYPE_MASK) == type; }

static void take_name(struct walk *walk) {
  walk->directory = walk->file;
  walk->name = walk->at;
  while (walk->at < walk->bytes && walk->path[walk->at] != '/')
    walk->at++;
  walk->name_bytes = walk->at - walk->name;
}

static void begin_lookup(struct walk *walk) {
  // The parent of a volume's root lies in the volume that it is mounted in.
  bool is_parent = walk->name_bytes == 2 && memcmp(walk_name(walk), "..", 2) == 0;
  if (is_parent && walk->directory.inode == FILES_ROOT && walk->volume->parent != NULL) {
    walk->directory = walk->volume->point;
    walk->volume = walk->volume->parent;
  }
  walk->is_busy = true;
  walk->request = (struct files_call){
      .operation = FILES_DO_LOOKUP,
      .file = walk->directory,
      .name = walk_name(walk),
      .name_bytes = walk->name_bytes,
  };
}

static void begin_reading_link(struct walk *walk) {
  walk->is_busy = walk->is_reading_link = true;
  walk->request = (struct files_call){
      .operation = FILES_DO_READ_LINK, .file = walk->file, .length = sizeof walk->link, .data = walk->link};
}

// Puts the link's target before what is left of the path; it starts where the link lies, or at the root.
static int64_t enter_link(struct walk *walk, uint32_t bytes) {
  char *to = walk->path == walk->text[0] ? walk->text[1] : walk->text[0];
  uint32_t left = walk->bytes - walk->at;
  if (++walk->links > MOST_LINKS)
    return -ELOOP;
  if (bytes == 0)
    return -ENOENT;
  if (bytes + left >= WALK_PATH_BYTES)
    return -ENAMETOOLONG;
  memcpy(to, walk->link, bytes);
  memcpy(to + bytes, walk->path + walk->at, left);
  walk->path = to;
  walk->at = 0;
  walk->bytes = bytes + left;
  walk->volume = to[0] == '/' ? &volumes[ROOT_VOLUME] : walk->volume;
  walk->file = to[0] == '/' ? files_root : walk->directory;
  walk->mode = FILES_TYPE_DIRECTORY;
  return 0;
}

// A name was found: what it names, or what is mounted there.
static void enter_found(struct walk *walk) {
  walk->file = walk->request.attributes.file;
  walk->mode = walk->request.attributes.mode;
  struct volume *mounted = volume_on(walk->volume, walk->file);
  if (mounted != NULL) {
    walk->volume = mounted;
    walk->file = files_root;
  }
  if (is_type(walk, FILES_TYPE_LINK) && (!walk_is_last(walk) || walk->follows || ends_in_slash(walk)))
    begin_reading_link(walk);
}

// Goes on with the request that is under way.
static int64_t go_on(struct walk *walk) {
  if (!files_run(walk->volume->files, &walk->request))
    return WALK_PENDING;
  walk->is_busy = false;
  int64_t result = walk->request.result;
  if (result < 0)
    return result;
  if (walk->is_reading_link) {
    walk->is_reading_link = false;
    return enter_link(walk, (uint32_t)result);
  }
  enter_found(walk);
  return 0;
}

int64_t walk_run(struct walk *walk) {
  for (;;) {
    if (!walk->is_busy) {
      skip_slashes(walk);
      if (walk->at == walk->bytes)
        break;
      if (!is_type(walk, FILES_TYPE_DIRECTORY))
        return -ENOTDIR;
      take_name(walk);
      if (walk->goal == WALK_TO_PARENT && walk_is_last(walk))
        return 0;
      begin_lookup(walk);
    }
    int64_t error = go_on(walk);
    if (error < 0)
      return error;
  }
  if (walk->goal == WALK_TO_PARENT)
    return -EBUSY; // the root, which has no name
  return ends_in_slash(walk) && !is_type(walk, FILES_TYPE_DIRECTORY) ? -ENOTDIR : 0;
}
