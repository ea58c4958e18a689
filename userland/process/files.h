// The file server, as its client sees it. All calls let go of the server's lock meanwhile. They return what
// protocol/files.h says; EIO when the server died under the request or lost the open file.
#pragma once

#include "protocol/files.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#define FILES_CHUNK 65536u

// A part of the window that the caller has for itself. `data` has FILES_CHUNK bytes.
struct slot {
  uint32_t index;
  uint32_t offset; // of data in the window
  uint8_t *data;
};

// Connects. Waits until there is a file server.
void files_init(void);

struct slot files_slot(void);
void files_slot_free(struct slot slot);

// The session that open files belong to: files of an earlier one are lost.
uint64_t files_generation(void);

// A request with words as they are, on a slot that the caller filled. `answer` gets words 0..3 or is NULL.
int64_t files_request(uint32_t label, uint64_t word0, uint64_t word1, uint64_t word2, uint64_t word3,
                      uint64_t *answer);

// Puts a path into the slot's room for paths 0 and 1; returns the word that means it.
uint64_t slot_path(struct slot slot, unsigned which, const char *path);

// Requests about one path or open file, and the same for two.
int64_t files_open(const char *path, uint32_t flags, mode_t mode, struct stat *stat);
// Takes note of a close; it is made, letting go of the lock, before the thread that works answers.
void files_close(uint64_t generation, uint64_t number);
void files_flush_closes(void);
int64_t files_stat(const char *path, bool follow, struct stat *stat);
int64_t files_stat_open(uint64_t number, struct stat *stat);
int64_t files_path_request(uint32_t label, const char *path, uint64_t word1, uint64_t word2);
int64_t files_two_path_request(uint32_t label, const char *path, const char *other, uint64_t word2);
int64_t files_readlink(const char *path, char *to, size_t bytes);
int64_t files_set_times(const char *path, uint64_t number, bool follow, const struct timespec times[2]);
int64_t files_statistics(const char *path, uint64_t number, struct statfs *statistics);
// The text of /proc/mounts: its length.
int64_t files_mounts(char *to, size_t bytes);
// Reads of a file that this server opened for itself.
int64_t files_read(uint64_t number, uint64_t position, void *to, size_t bytes);
