#include "session.h"
#include "lib/server.h"
#include "lib/space.h"
#include <errno.h>

#define MOST_OPEN 4096u

static struct session sessions[SESSION_SLOTS];
static struct open_file open_files[MOST_OPEN];
static unsigned open_end; // no file from here on is open

static int64_t open_session(const struct message *message) {
  unsigned slot = 0;
  while (slot < SESSION_SLOTS && sessions[slot].is_open)
    slot++;
  if (slot == SESSION_SLOTS)
    return -EAGAIN;
  handle_t memory = message_capability(message, 0);
  if (memory == 0)
    return -EINVAL;
  int64_t error = window_open(memory, message->words[0], &sessions[slot].window);
  if (error < 0)
    return error;
  int64_t endpoint = kernel_copy_capability(HANDLE_SERVICE, RIGHT_SEND | RIGHT_GRANT, session_badge(slot));
  if (endpoint < 0) {
    space_unmap(sessions[slot].window.bytes, sessions[slot].window.pages);
    return endpoint;
  }
  sessions[slot].is_open = true;
  return endpoint;
}

struct message session_connect(const struct message *message) {
  int64_t endpoint = open_session(message);
  if (endpoint < 0) {
    message_drop_capabilities(message);
    return message_result(endpoint);
  }
  time_set(message->words[1]);
  message_buffer->send[0] = (handle_t)endpoint;
  return (struct message){.tag = TAG(0, 1, 1)};
}

struct session *session_find(uint64_t badge) {
  int64_t slot = session_slot(badge);
  return slot < 0 || !sessions[slot].is_open ? NULL : &sessions[slot];
}

void *session_window(const struct session *session, uint64_t offset, uint64_t bytes) {
  uint64_t size = session->window.pages * PAGE_BYTES;
  return offset <= size && bytes <= size - offset ? session->window.bytes + offset : NULL;
}

int64_t file_open(const struct session *session, struct volume *volume, struct files_handle file, int flags) {
  unsigned number = 0;
  while (number < MOST_OPEN && open_files[number].session != NULL)
    number++;
  if (number == MOST_OPEN)
    return -ENFILE;
  open_files[number] = (struct open_file){.session = session, .volume = volume, .file = file, .flags = flags};
  if (number >= open_end)
    open_end = number + 1;
  return number;
}

struct open_file *file_find(const struct session *session, uint64_t number) {
  return number < MOST_OPEN && open_files[number].session == session ? &open_files[number] : NULL;
}

void file_close(struct open_file *open) {
  open->session = NULL;
  while (open_end > 0 && open_files[open_end - 1].session == NULL)
    open_end--;
}

bool file_is_open(const struct volume *volume, struct files_handle file) {
  for (unsigned i = 0; i < open_end; i++) {
    const struct open_file *open = &open_files[i];
    if (open->session != NULL && open->volume == volume && open->file.inode == file.inode &&
        open->file.generation == file.generation)
      return true;
  }
  return false;
}

bool volume_is_busy(const struct volume *volume) {
  for (unsigned i = 0; i < open_end; i++) {
    if (open_files[i].session != NULL && open_files[i].volume == volume)
      return true;
  }
  return false;
}
