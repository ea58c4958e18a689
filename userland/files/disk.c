#include "disk.h"
#include "lib/ipc.h"
#include "lib/say.h"
#include "lib/service.h"
#include "lib/window.h"
#include "protocol/disk.h"
#include "volume.h"
#include <errno.h>
#include <string.h>

#define BLOCK_SECTORS    (FILES_BLOCK_BYTES / DISK_SECTOR_BYTES)
#define MOST_PIECES      64u // under way at a time
#define PIECE_BLOCKS     (DISK_MOST_SECTORS / BLOCK_SECTORS)
#define COMMIT_BLOCKS    128u
#define COMPLETION_PAGES 1u

// A part of a transfer, as large as the driver takes them. The cookie of its completion is its index.
struct piece {
  struct files_transfer *transfer; // NULL: free
  uint32_t first;                  // block of the transfer
  uint32_t count;
};

static struct piece pieces[MOST_PIECES];
static uint32_t free_pieces = MOST_PIECES;

// The transfer that is being cut into pieces, and how far that has come.
static struct files_transfer *cutting;
static uint32_t cut;

static handle_t service, session, completion_signal;
static struct window window; // what the core transfers, and behind it the ring
static struct disk_completions *ring;

static struct volume *const volume = &volumes[DISK_VOLUME];

static int64_t connect(void) {
  uint64_t offset = (uint64_t)((uint8_t *)ring - window.bytes);
  *ring = (struct disk_completions){0};
  struct message message = {.tag = TAG(DISK_CONNECT, 3, 2),
                            .words = {window.pages * PAGE_BYTES, offset, MOST_PIECES}};
  message_buffer->send[0] = window.memory;
  message_buffer->send[1] = completion_signal;
  int64_t result = message_request(service, &message);
  if (result == 0)
    session = message_capability(&message, 0);
  return result;
}

static int64_t submit(const struct piece *piece) {
  static const enum disk_request requests[] = {
      [FILES_TRANSFER_READ] = DISK_SUBMIT_READ,
      [FILES_TRANSFER_WRITE] = DISK_SUBMIT_WRITE,
      [FILES_TRANSFER_FLUSH] = DISK_SUBMIT_FLUSH,
  };
  const struct files_transfer *transfer = piece->transfer;
  uint64_t cookie = (uint64_t)(piece - pieces);
  struct message message = message_of(requests[transfer->kind], 0, 0, 0, cookie);
  if (transfer->kind != FILES_TRANSFER_FLUSH) {
    const uint8_t *data = (const uint8_t *)transfer->data + (size_t)piece->first * FILES_BLOCK_BYTES;
    message.words[0] = ((uint64_t)transfer->block + piece->first) * BLOCK_SECTORS;
    message.words[1] = piece->count * BLOCK_SECTORS;
    message.words[2] = (uint64_t)(data - window.bytes);
  }
  return message_request(session, &message);
}

// A piece has ended; with the last one, its transfer has.
static void end_piece(struct piece *piece, bool failed) {
  struct files_transfer *transfer = piece->transfer;
  piece->transfer = NULL;
  free_pieces++;
  if (failed)
    transfer->failed = true;
  bool is_whole = transfer != cutting;
  for (unsigned i = 0; i < MOST_PIECES; i++)
    is_whole &= pieces[i].transfer != transfer;
  if (is_whole)
    files_transfer_done(volume->files, transfer, transfer->failed);
}

// The driver died: what was under way is begun again by the next one. A write that was done already is done
// again; a flush was not asked for before the writes it covers had ended, and those had been answered.
static void reconnect(void) {
  kernel_delete(session);
  session = 0;
  int64_t error;
  do {
    error = connect();
  } while (error == -EPIPE);
  for (unsigned i = 0; i < MOST_PIECES; i++) {
    if (pieces[i].transfer != NULL && (error < 0 || submit(&pieces[i]) < 0))
      end_piece(&pieces[i], true);
  }
}

void disk_check(void) {
  if (volume->files == NULL || free_pieces == MOST_PIECES)
    return;
  struct message message = {.tag = TAG(DISK_INFO, 0, 0)};
  int64_t error = message_request(session, &message);
  if (error == -EPIPE || error == -ESTALE)
    reconnect();
}

static void begin_piece(struct files_transfer *transfer, uint32_t first, uint32_t count) {
  struct piece *piece = pieces;
  while (piece->transfer != NULL)
    piece++;
  *piece = (struct piece){.transfer = transfer, .first = first, .count = count};
  free_pieces--;
  int64_t error = submit(piece);
  if (error == -EPIPE || error == -ESTALE)
    reconnect();
  else if (error < 0)
    end_piece(piece, true);
}

static void pump(struct volume *unused) {
  (void)unused;
  while (free_pieces > 0) {
    if (cutting == NULL) {
      cutting = files_next_transfer(volume->files);
      cut = 0;
      if (cutting == NULL)
        return;
    }
    struct files_transfer *transfer = cutting;
    uint32_t left = transfer->count - cut;
    uint32_t count = left < PIECE_BLOCKS ? left : PIECE_BLOCKS;
    uint32_t first = cut;
    cut += count;
    if (cut == transfer->count)
      cutting = NULL;
    begin_piece(transfer, first, count);
  }
}

void disk_collect(void) {
  if (volume->files == NULL)
    return;
  uint32_t written = __atomic_load_n(&ring->written, __ATOMIC_ACQUIRE);
  for (uint32_t taken = ring->taken; taken != written; taken++) {
    struct disk_completion completion = ring->entries[taken % MOST_PIECES];
    __atomic_store_n(&ring->taken, taken + 1, __ATOMIC_RELEASE);
    if (completion.cookie < MOST_PIECES && pieces[completion.cookie].transfer != NULL)
      end_piece(&pieces[completion.cookie], completion.result < 0);
  }
  pump(volume);
}

static const struct device disk_device = {.pump = pump};

// The directory in the root that the disk covers.
static int64_t make_mount_point(const char *name, struct files_handle *point) {
  struct files_call request = {
      .operation = FILES_DO_LOOKUP, .file = files_root, .name = name, .name_bytes = (uint32_t)strlen(name)};
  int64_t error = volume_run(&volumes[ROOT_VOLUME], &request);
  if (error == -ENOENT) {
    request.operation = FILES_DO_CREATE;
    request.attributes = (struct files_attributes){.mode = FILES_TYPE_DIRECTORY | 0755};
    error = volume_run(&volumes[ROOT_VOLUME], &request);
  }
  *point = request.attributes.file;
  return error;
}

static bool allocate(uint64_t cache_bytes) {
  uint32_t cache_blocks = (uint32_t)(cache_bytes / FILES_BLOCK_BYTES);
  uint64_t pages = (files_memory(cache_blocks, COMMIT_BLOCKS) + PAGE_BYTES - 1) / PAGE_BYTES;
  if (window_create(pages + COMPLETION_PAGES, &window) < 0)
    return false;
  ring = (struct disk_completions *)(window.bytes + pages * PAGE_BYTES);
  return true;
}

void disk_open(handle_t notification, uint64_t cache_bytes) {
  service = (handle_t)service_await(DISK_SERVICE);
  completion_signal = notification;
  struct message message = {.tag = TAG(DISK_INFO, 0, 0)};
  if (message_request(service, &message) < 0)
    return;
  uint64_t blocks = message.words[1] / BLOCK_SECTORS;
  if (!allocate(cache_bytes) || connect() < 0) {
    say("cannot connect to the disk");
    return;
  }
  *volume = (struct volume){
      .files = files_start(window.bytes, (uint32_t)(cache_bytes / FILES_BLOCK_BYTES), COMMIT_BLOCKS,
                           blocks > UINT32_MAX ? UINT32_MAX : (uint32_t)blocks),
      .device = &disk_device,
      .source = "/dev/vda",
      .path = "/disk",
      .name = "disk",
      .parent = &volumes[ROOT_VOLUME],
      .directory = files_root,
  };
  struct files_call mount = {.operation = FILES_DO_MOUNT};
  int64_t error = volume_run(volume, &mount);
  if (error < 0) {
    if (error != -EINVAL) // not one of ours, or empty
      say("the disk cannot be mounted: error %ld", (long)error);
    volume->source = NULL;
    return;
  }
  volume->is_mounted = make_mount_point(volume->name, &volume->point) == 0;
}
