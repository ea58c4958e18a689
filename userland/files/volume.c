#include "volume.h"
#include "lib/clock.h"
#include <string.h>

struct volume volumes[MOST_VOLUMES];
void (*volumes_wait)(void);

static uint64_t nanoseconds_at_zero, frequency;

int64_t time_now(void) {
  if (frequency == 0)
    frequency = clock_frequency();
  uint64_t ticks = clock_now();
  uint64_t fraction = ticks % frequency * 1000000000ul / frequency;
  return (int64_t)(nanoseconds_at_zero + ticks / frequency * 1000000000ul + fraction);
}

void time_set(uint64_t nanoseconds) { nanoseconds_at_zero = nanoseconds; }

static bool is_same(struct files_handle left, struct files_handle right) {
  return left.inode == right.inode && left.generation == right.generation;
}

struct volume *volume_on(const struct volume *parent, struct files_handle point) {
  for (unsigned i = 0; i < MOST_VOLUMES; i++) {
    if (volumes[i].is_mounted && volumes[i].parent == parent && is_same(volumes[i].point, point))
      return &volumes[i];
  }
  return NULL;
}

bool is_mount_point(const struct volume *parent, struct files_handle directory, const char *name,
                    size_t bytes) {
  for (unsigned i = 0; i < MOST_VOLUMES; i++) {
    const struct volume *volume = &volumes[i];
    if (volume->is_mounted && volume->parent == parent && is_same(volume->directory, directory) &&
        strlen(volume->name) == bytes && memcmp(volume->name, name, bytes) == 0)
      return true;
  }
  return false;
}

void volumes_pump(void) {
  for (unsigned i = 0; i < MOST_VOLUMES; i++) {
    if (volumes[i].files != NULL)
      volumes[i].device->pump(&volumes[i]);
  }
}

void volumes_commit(void) {
  for (unsigned i = 0; i < MOST_VOLUMES; i++) {
    if (volumes[i].is_mounted && files_changed(volumes[i].files))
      files_commit(volumes[i].files);
  }
  volumes_pump();
}

int64_t volume_run(struct volume *volume, struct files_call *request) {
  request->now = time_now();
  while (!files_run(volume->files, request)) {
    volume->device->pump(volume);
    while (!files_can_run(volume->files, request))
      volumes_wait();
  }
  volume->device->pump(volume);
  return request->result;
}
