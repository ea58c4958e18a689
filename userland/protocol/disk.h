// The disk driver's requests: blocks of a virtio disk.
//
// A client connects with a wired memory object, its window, and gets a session endpoint; every other request
// goes there. Data lies in the window at offsets the client chooses, multiples of DISK_SECTOR_BYTES. Word 0
// of an answer is 0 or a negative errno: ENODEV when there is no disk, EIO when it failed, EINVAL for what
// lies outside disk or window, EROFS, ESTALE for a session of a driver that died.
//
// Requests are done in any order, except that DISK_FLUSH comes after all that came before it and before all
// that come after it; of all sessions: it is a barrier too.
#pragma once

#include <stdint.h>

#define DISK_SERVICE      "disk" // to the name server
#define DISK_SECTOR_BYTES 512u
#define DISK_MOST_SECTORS 256u // of one request

// A ring of completions is made of two pages' worth at most: so many.
#define DISK_MOST_COMPLETIONS 256u

enum disk_request {
  // To the driver's own endpoint: (window bytes; capability: the window; for DISK_SUBMIT_* also: the offset
  // in the
  // window of a struct disk_completions of `entries`, entries (a power of two), and as second capability a
  // notification) -> 0; capability: the session. Without completions, entries is 0.
  DISK_CONNECT = 1,
  DISK_DISCONNECT, // () -> 0: the window is let go when its last request is done
  DISK_INFO,       // () -> 0; word 1: sectors, word 2: DISK_READ_ONLY or 0; to the driver's own endpoint too

  // Answered when done.
  DISK_READ,  // (sector, sectors, offset in the window) -> 0
  DISK_WRITE, // likewise
  DISK_FLUSH, // () -> 0: what was answered before is on the medium

  // Answered at once, with 0 or an error; EAGAIN: as many are under way as there are entries. When done, the
  // completion is put into the ring and the notification signalled.
  DISK_SUBMIT_READ,  // (sector, sectors, offset in the window, cookie) -> 0
  DISK_SUBMIT_WRITE, // likewise
  DISK_SUBMIT_FLUSH, // (0, 0, 0, cookie) -> 0
};

#define DISK_READ_ONLY 1u

struct disk_completion {
  uint64_t cookie;
  int64_t result; // 0 or a negative errno
};

// The driver adds at `written` and the client takes at `taken`; both count on for ever. An entry is in
// place before `written` counts it.
struct disk_completions {
  uint32_t written;
  uint32_t taken;
  uint64_t unused;
  struct disk_completion entries[];
};
