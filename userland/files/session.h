// Clients: their windows, and the files they have open.
#pragma once

#include "lib/ipc.h"
#include "lib/window.h"
#include "volume.h"
#include <stdbool.h>

struct session {
  bool is_open;
  struct window window;
};

// Makes a session for a client's window. Returns the answer to FILES_CONNECT.
struct message session_connect(const struct message *message);

// The session with a badge, or NULL if it is none of this instance.
struct session *session_find(uint64_t badge);

// `bytes` of the session's window from `offset` on, or NULL where it has not that many.
void *session_window(const struct session *session, uint64_t offset, uint64_t bytes);

// A file that a client has open.
struct open_file {
  const struct session *session; // NULL: free
  struct volume *volume;
  struct files_handle file;
  int flags;
};

// Opens a file. Returns its number or -ENFILE.
int64_t file_open(const struct session *session, struct volume *volume, struct files_handle file, int flags);

// A session's open file, or NULL.
struct open_file *file_find(const struct session *session, uint64_t number);

void file_close(struct open_file *open);

// Whether anybody has the file open.
bool file_is_open(const struct volume *volume, struct files_handle file);

// Whether anybody has a file of the volume open.
bool volume_is_busy(const struct volume *volume);
