#include "session.h"
#include "lib/server.h"
#include <errno.h>
#include <stdlib.h>

#define MOST_SESSIONS     64u
#define MOST_WINDOW_BYTES (64ul << 20)

static struct session sessions[MOST_SESSIONS];
static uint64_t uses; // of all sessions

// Finds where the window's pages are. Returns NULL if they are not wired, or memory is out.
static uint64_t *find_pages(handle_t memory, uint64_t bytes) {
  uint64_t count = (bytes + PAGE_BYTES - 1) / PAGE_BYTES;
  uint64_t *pages = malloc(count * sizeof *pages);
  for (uint64_t i = 0; pages != NULL && i < count; i++) {
    int64_t address = kernel_physical_address(memory, i);
    if (address < 0) {
      free(pages);
      return NULL;
    }
    pages[i] = (uint64_t)address;
  }
  return pages;
}

static bool is_ring(uint64_t bytes, uint32_t offset, uint32_t entries) {
  uint64_t ring_bytes = sizeof(struct disk_completions) + entries * sizeof(struct disk_completion);
  return offset % 8 == 0 && offset <= bytes && ring_bytes <= bytes - offset &&
         entries <= DISK_MOST_COMPLETIONS && (entries & (entries - 1)) == 0;
}

// A session that is not in use; or else the one that was idle for longest: its client has died, or will
// connect again. NULL if all are busy.
static struct session *free_session(void) {
  struct session *oldest = NULL;
  for (unsigned i = 0; i < MOST_SESSIONS; i++) {
    struct session *session = &sessions[i];
    if (!session->is_open)
      return session;
    if (session->under_way == 0 && (oldest == NULL || session->last_used < oldest->last_used))
      oldest = session;
  }
  if (oldest != NULL)
    session_close(oldest);
  return oldest;
}

int64_t session_open(handle_t memory, uint64_t bytes, uint32_t ring_offset, uint32_t entries,
                     handle_t notification) {
  struct session *session = free_session();
  if (session == NULL)
    return -EAGAIN;
  if (memory == 0 || bytes == 0 || bytes > MOST_WINDOW_BYTES ||
      (entries != 0 && (notification == 0 || !is_ring(bytes, ring_offset, entries))))
    return -EINVAL;
  *session = (struct session){.memory = memory, .bytes = bytes, .entries = entries, .last_used = ++uses};
  session->pages = find_pages(memory, bytes);
  if (session->pages == NULL)
    return -EINVAL;
  if (entries != 0) {
    int64_t error = window_open(memory, bytes, &session->mapped);
    if (error < 0) {
      free(session->pages);
      return error;
    }
    session->completions = (struct disk_completions *)(session->mapped.bytes + ring_offset);
    session->notification = notification;
  }
  session->is_open = true;
  return session - sessions;
}

struct session *session_find(uint64_t badge) {
  int64_t slot = session_slot(badge);
  if (slot < 0 || slot >= MOST_SESSIONS || !sessions[slot].is_open || sessions[slot].is_closing)
    return NULL;
  sessions[slot].last_used = ++uses;
  return &sessions[slot];
}

void session_close(struct session *session) {
  session->is_closing = true;
  if (session->under_way > 0)
    return;
  if (session->completions != NULL) {
    window_close(&session->mapped); // and the memory
    kernel_delete(session->notification);
  } else {
    kernel_delete(session->memory);
  }
  kernel_revoke(session->endpoint); // nobody else who gets this slot is to be mistaken for this client
  kernel_delete(session->endpoint);
  free(session->pages);
  session->is_open = false;
}

bool session_covers(const struct session *session, uint64_t offset, uint64_t bytes) {
  return offset <= session->bytes && bytes <= session->bytes - offset;
}

bool session_may_submit(const struct session *session) {
  if (session->completions == NULL)
    return false;
  uint32_t taken = __atomic_load_n(&session->completions->taken, __ATOMIC_ACQUIRE);
  uint32_t in_ring = session->written - taken;
  return in_ring < session->entries && session->submitted < session->entries - in_ring;
}

void session_complete(struct session *session, uint64_t cookie, int64_t result) {
  struct disk_completion *entry = &session->completions->entries[session->written % session->entries];
  *entry = (struct disk_completion){cookie, result};
  session->written++;
  __atomic_store_n(&session->completions->written, session->written, __ATOMIC_RELEASE);
  kernel_signal(session->notification);
}
