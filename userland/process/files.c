#include "files.h"
#include "deadline.h"
#include "lib/ipc.h"
#include "lib/mutex.h"
#include "lib/say.h"
#include "lib/service.h"
#include "lib/window.h"
#include "server.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS      16u
#define PATH_ROOM  4096u
#define SLOT_BYTES (FILES_CHUNK + 2 * PATH_ROOM)
#define SLOT_PAGES (SLOT_BYTES / PAGE_BYTES)

static handle_t service, session;
static uint64_t generation;
static struct window window;

// Slots in use and sessions have a lock of their own: both are wanted without the server's.
static struct mutex mutex;
static struct condition slot_freed;
static uint32_t slots_in_use;

static int64_t reconnect(uint64_t lost_generation) {
  mutex_lock(&mutex);
  int64_t result = 0;
  if (generation == lost_generation) {
    struct message message = {.tag = TAG(FILES_CONNECT, MESSAGE_REGISTERS, 1),
                              .words = {window.pages * PAGE_BYTES, clock_realtime_base()}};
    message_buffer->send[0] = window.memory;
    result = message_request(service, &message);
    if (result == 0) {
      if (session != 0)
        kernel_delete(session);
      session = message_capability(&message, 0);
      generation++;
    }
  }
  mutex_unlock(&mutex);
  return result;
}

void files_init(void) {
  if (window_create(SLOTS * SLOT_PAGES, &window) < 0)
    die("no memory for the file server's window");
  service = (handle_t)service_await(FILES_SERVICE);
  while (reconnect(0) == -EPIPE)
    ;
}

uint64_t files_generation(void) { return generation; }

struct slot files_slot(void) {
  server_release();
  mutex_lock(&mutex);
  while (slots_in_use == (1u << SLOTS) - 1)
    condition_wait(&slot_freed, &mutex, WAIT_FOREVER);
  uint32_t index = (uint32_t)__builtin_ctz(~slots_in_use);
  slots_in_use |= 1u << index;
  mutex_unlock(&mutex);
  server_acquire();
  uint32_t offset = index * SLOT_BYTES;
  return (struct slot){.index = index, .offset = offset, .data = window.bytes + offset};
}

void files_slot_free(struct slot slot) {
  mutex_lock(&mutex);
  slots_in_use &= ~(1u << slot.index);
  condition_signal(&slot_freed);
  mutex_unlock(&mutex);
}

// Whether a request may be sent again to a new instance, though the old one may have carried it out.
static bool is_repeatable(uint32_t label) {
  switch (label) {
  case FILES_OPEN:
  case FILES_STAT:
  case FILES_READLINK:
  case FILES_STATISTICS:
  case FILES_MOUNTS:
    return true;
  default:
    return false;
  }
}

// Whether word 0 of a request is the number of an open file, which a new instance does not know.
static bool names_open_file(uint32_t label, uint64_t word0) {
  switch (label) {
  case FILES_CLOSE:
  case FILES_READ:
  case FILES_WRITE:
  case FILES_ENTRIES:
    return true;
  case FILES_SYNCHRONIZE:
    return word0 != FILES_EVERYTHING;
  case FILES_STAT:
  case FILES_TRUNCATE:
  case FILES_CHANGE_MODE:
  case FILES_CHANGE_OWNER:
  case FILES_SET_TIMES:
  case FILES_STATISTICS:
  case FILES_LINK:
    return WINDOW_TEXT_BYTES(word0) == 0;
  default:
    return false;
  }
}

int64_t files_request(uint32_t label, uint64_t word0, uint64_t word1, uint64_t word2, uint64_t word3,
                      uint64_t *words) {
  server_release();
  int64_t result;
  for (int tries = 0;; tries++) {
    uint64_t current = generation;
    struct message message = message_of(label, word0, word1, word2, word3);
    result = message_request(session, &message);
    if (words != NULL)
      memcpy(words, message.words, sizeof message.words);
    // EPIPE: it died with the request. ESTALE: another instance, which has not looked at it.
    if (result != -EPIPE && result != -ESTALE)
      break;
    bool again = !names_open_file(label, word0) && (result == -ESTALE || is_repeatable(label));
    if (reconnect(current) < 0 || !again || tries == 2) {
      result = -EIO;
      break;
    }
  }
  server_acquire();
  return result;
}

uint64_t slot_path(struct slot slot, unsigned which, const char *path) {
  size_t bytes = strnlen(path, PATH_MAX - 1);
  memcpy(slot.data + FILES_CHUNK + which * PATH_ROOM, path, bytes);
  return WINDOW_TEXT(slot.offset + FILES_CHUNK + which * PATH_ROOM, bytes);
}

int64_t files_open(const char *path, uint32_t flags, mode_t mode, struct stat *stat) {
  struct slot slot = files_slot();
  int64_t result = files_request(FILES_OPEN, slot_path(slot, 0, path), flags, mode, slot.offset, NULL);
  if (result >= 0)
    memcpy(stat, slot.data, sizeof *stat);
  files_slot_free(slot);
  return result;
}

// Closes to be made: files are let go of in places where the server's lock must be kept.
static struct close {
  uint64_t generation, number;
} * closes;
static uint32_t close_count, close_capacity;

void files_close(uint64_t of_generation, uint64_t number) {
  if (close_count == close_capacity) {
    uint32_t capacity = close_capacity * 2 + 64;
    struct close *grown = realloc(closes, capacity * sizeof *grown);
    if (grown == NULL)
      return; // stays open as long as the session
    closes = grown;
    close_capacity = capacity;
  }
  closes[close_count++] = (struct close){of_generation, number};
}

void files_flush_closes(void) {
  while (close_count > 0) {
    struct close close = closes[--close_count];
    if (close.generation == generation)
      files_request(FILES_CLOSE, close.number, 0, 0, 0, NULL);
  }
}

static int64_t stat_target(struct slot slot, uint64_t target, bool follow, struct stat *stat) {
  int64_t result = files_request(FILES_STAT, target, follow ? FILES_FOLLOW : 0, slot.offset, 0, NULL);
  if (result >= 0)
    memcpy(stat, slot.data, sizeof *stat);
  files_slot_free(slot);
  return result;
}

int64_t files_stat(const char *path, bool follow, struct stat *stat) {
  struct slot slot = files_slot();
  return stat_target(slot, slot_path(slot, 0, path), follow, stat);
}

int64_t files_stat_open(uint64_t number, struct stat *stat) {
  return stat_target(files_slot(), number, false, stat);
}

int64_t files_path_request(uint32_t label, const char *path, uint64_t word1, uint64_t word2) {
  struct slot slot = files_slot();
  int64_t result = files_request(label, slot_path(slot, 0, path), word1, word2, 0, NULL);
  files_slot_free(slot);
  return result;
}

int64_t files_two_path_request(uint32_t label, const char *path, const char *other, uint64_t word2) {
  struct slot slot = files_slot();
  int64_t result = files_request(label, slot_path(slot, 0, path), slot_path(slot, 1, other), word2, 0, NULL);
  files_slot_free(slot);
  return result;
}

int64_t files_readlink(const char *path, char *to, size_t bytes) {
  struct slot slot = files_slot();
  int64_t result = files_request(FILES_READLINK, slot_path(slot, 0, path), slot.offset,
                                 bytes < FILES_CHUNK ? bytes : FILES_CHUNK, 0, NULL);
  if (result > 0)
    memcpy(to, slot.data, (size_t)result);
  files_slot_free(slot);
  return result;
}

int64_t files_set_times(const char *path, uint64_t number, bool follow, const struct timespec times[2]) {
  struct slot slot = files_slot();
  memcpy(slot.data, times, 2 * sizeof *times);
  int64_t result = files_request(FILES_SET_TIMES, path != NULL ? slot_path(slot, 0, path) : number,
                                 follow ? FILES_FOLLOW : 0, slot.offset, 0, NULL);
  files_slot_free(slot);
  return result;
}

int64_t files_statistics(const char *path, uint64_t number, struct statfs *statistics) {
  struct slot slot = files_slot();
  int64_t result = files_request(FILES_STATISTICS, path != NULL ? slot_path(slot, 0, path) : number,
                                 slot.offset, 0, 0, NULL);
  if (result >= 0)
    memcpy(statistics, slot.data, sizeof *statistics);
  files_slot_free(slot);
  return result;
}

int64_t files_mounts(char *to, size_t bytes) {
  struct slot slot = files_slot();
  int64_t result =
      files_request(FILES_MOUNTS, slot.offset, bytes < FILES_CHUNK ? bytes : FILES_CHUNK, 0, 0, NULL);
  if (result > 0)
    memcpy(to, slot.data, (size_t)result);
  files_slot_free(slot);
  return result;
}

int64_t files_read(uint64_t number, uint64_t position, void *to, size_t bytes) {
  struct slot slot = files_slot();
  size_t done = 0;
  int64_t result = 0;
  while (done < bytes) {
    size_t chunk = bytes - done < FILES_CHUNK ? bytes - done : FILES_CHUNK;
    result = files_request(FILES_READ, number, position + done, slot.offset, chunk, NULL);
    if (result <= 0)
      break;
    memcpy((char *)to + done, slot.data, (size_t)result);
    done += (size_t)result;
  }
  files_slot_free(slot);
  return done > 0 ? (int64_t)done : result;
}
