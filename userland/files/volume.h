// Mounted file systems, and the devices under them.
#pragma once

#include "core/files.h"
#include "lib/handles.h"
#include <stdbool.h>

struct volume;

enum { VOLUME_PATH_BYTES = 512 };

// What carries out a volume's transfers.
struct device {
  // Begins as many of the volume's transfers as it can now. Those that end at once are done when it returns.
  void (*pump)(struct volume *volume);
};

struct volume {
  struct files *files;
  const struct device *device;
  const char *source;                // as in /proc/mounts
  char path[VOLUME_PATH_BYTES];      // where it is mounted
  char name[FILES_LONGEST_NAME + 1]; // the last part of the path
  struct volume *parent;             // the volume it is mounted in; NULL: none, it is the root
  struct files_handle directory;     // in the parent: where its name lies
  struct files_handle point;         // in the parent: what it covers
  bool is_mounted;
};

enum { MOST_VOLUMES = 2 };
enum { ROOT_VOLUME, DISK_VOLUME };

extern struct volume volumes[MOST_VOLUMES];

// The volume that is mounted on a directory, or NULL.
struct volume *volume_on(const struct volume *parent, struct files_handle point);

// Whether a name is that of a directory on which something is mounted.
bool is_mount_point(const struct volume *parent, struct files_handle directory, const char *name,
                    size_t bytes);

// Begins all transfers that can begin, of all volumes.
void volumes_pump(void);

// Whether anything has changed that is not on the medium; and asks for it to get there.
void volumes_commit(void);

// Runs a request to its end; nobody else may use the volume meanwhile. Returns its result.
int64_t volume_run(struct volume *volume, struct files_call *request);

// Has `volume_run` wait for the device: returns when transfers may have ended.
extern void (*volumes_wait)(void);

// Makes the root: an empty file system in memory, filled from the archive. Ends the process where that fails.
void root_open(const uint8_t *archive, size_t bytes, uint64_t room);

// Nanoseconds of real time since 1970, as far as a client has told.
int64_t time_now(void);
void time_set(uint64_t nanoseconds_at_zero);
