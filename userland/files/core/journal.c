#include "journal.h"

#include "checksum.h"
#include "core.h"

bool journal_has_room(const struct journal *journal, uint32_t blocks) {
  return journal->count + blocks <= journal->limit;
}

void journal_add(struct files *files, struct files_block *block) {
  struct journal *journal = &files->journal;
  if (block->dirty)
    return;
  cache_hold(&files->cache, block);
  block->dirty = true;
  block->older = journal->changed;
  journal->changed = block;
  journal->count++;
}

static void begin(struct files *files, enum files_transfer_kind kind, uint32_t block, uint32_t count,
                  void *data) {
  struct journal *journal = &files->journal;
  struct files_transfer *transfer = &journal->transfers[journal->outstanding++];
  *transfer = (struct files_transfer){.kind = kind, .block = block, .count = count, .data = data};
  transfer_begin(files, transfer);
}

// Writes `count` blocks of the photograph home, neighbours together. Entry `first` is the first of them.
static void begin_home(struct files *files, uint32_t first, uint32_t count) {
  const struct files_record_entry *entries = &files->journal.record->entries[first];
  for (uint32_t start = 0, end; start < count; start = end) {
    for (end = start + 1; end < count && entries[end].block == entries[end - 1].block + 1;)
      end++;
    begin(files, FILES_TRANSFER_WRITE, entries[start].block, end - start,
          files->journal.photograph + (size_t)start * FILES_BLOCK_BYTES);
  }
}

static void sort(struct files_record_entry *entries, uint32_t count) {
  for (uint32_t gap = count / 2; gap > 0; gap /= 2) {
    for (uint32_t i = gap; i < count; i++) {
      struct files_record_entry entry = entries[i];
      uint32_t to = i;
      for (; to >= gap && entries[to - gap].block > entry.block; to -= gap)
        entries[to] = entries[to - gap];
      entries[to] = entry;
    }
  }
}

static uint32_t record_checksum(const struct files_record *record) {
  return crc32c(record, sizeof *record - sizeof record->entries + record->count * sizeof record->entries[0]);
}

// Copies what the running transaction has changed, and begins the next one.
static void photograph(struct files *files) {
  struct journal *journal = &files->journal;
  struct files_record *record = journal->record;
  memset(record, 0, sizeof *record);
  *record = (struct files_record){
      .magic = FILES_RECORD_MAGIC, .identity = files->layout.identity, .sequence = journal->running};
  for (struct files_block *block = journal->changed; block != NULL; block = block->older) {
    record->entries[record->count++].block = block->number;
    block->next_committing = journal->committing;
    journal->committing = block;
    block->committing = true;
    block->dirty = false;
  }
  sort(record->entries, record->count);
  for (uint32_t i = 0; i < record->count; i++) {
    void *copy = journal->photograph + (size_t)i * FILES_BLOCK_BYTES;
    memcpy(copy, cache_find(&files->cache, record->entries[i].block)->data, FILES_BLOCK_BYTES);
    record->entries[i].digest = block_digest(copy);
  }
  record->checksum = record_checksum(record);
  journal->changed = NULL;
  journal->count = 0;
  journal->running++;
  files->progress++;
}

void journal_advance(struct files *files) {
  struct journal *journal = &files->journal;
  if (journal->phase != JOURNAL_IDLE || journal->count == 0 || journal->wanted < journal->running ||
      files->failure != 0)
    return;
  photograph(files);
  if (files->layout.journal_blocks > 0) {
    journal->phase = JOURNAL_RECORD;
    uint32_t area = files->layout.journal[journal->record->sequence % 2];
    begin(files, FILES_TRANSFER_WRITE, area, journal->record->count + 1, journal->record);
  } else {
    journal->phase = JOURNAL_HOME;
    begin_home(files, 0, journal->record->count);
  }
}

// The blocks are home: the cache may let go of them.
static void release_committed(struct files *files) {
  struct journal *journal = &files->journal;
  while (journal->committing != NULL) {
    struct files_block *block = journal->committing;
    journal->committing = block->next_committing;
    block->committing = false;
    cache_release(&files->cache, block);
  }
}

void journal_transfer_done(struct files *files, bool failed) {
  struct journal *journal = &files->journal;
  journal->outstanding--;
  if (journal->recovery.phase != RECOVERED) {
    if (failed)
      journal->recovery.error = -FILES_IO_ERROR;
    return;
  }
  if (failed)
    files->failure = -FILES_IO_ERROR;
  if (journal->outstanding > 0 || files->failure != 0)
    return;
  bool journaled = files->layout.journal_blocks > 0;
  switch (journal->phase) {
  case JOURNAL_RECORD:
    journal->phase = JOURNAL_FLUSH;
    begin(files, FILES_TRANSFER_FLUSH, 0, 0, NULL);
    break;
  case JOURNAL_FLUSH:
    journal->durable = journal->record->sequence;
    journal->phase = journaled ? JOURNAL_HOME : JOURNAL_IDLE;
    if (journaled)
      begin_home(files, 0, journal->record->count);
    break;
  case JOURNAL_HOME:
    release_committed(files);
    journal->phase = journaled ? JOURNAL_IDLE : JOURNAL_FLUSH;
    if (!journaled)
      begin(files, FILES_TRANSFER_FLUSH, 0, 0, NULL);
    break;
  case JOURNAL_IDLE:
    break;
  }
  journal_advance(files);
}

// Whether the record's head, read from `area`, can be believed.
static bool head_is_sound(const struct files *files, uint32_t area) {
  struct files_record *record = files->journal.record;
  const struct files_layout *layout = &files->layout;
  if (record->magic != FILES_RECORD_MAGIC || record->identity != layout->identity ||
      record->sequence % 2 != area || record->count == 0 || record->count > layout->journal_blocks)
    return false;
  uint32_t checksum = record->checksum;
  record->checksum = 0;
  bool sound = checksum == record_checksum(record);
  for (uint32_t i = 0; sound && i < record->count; i++) {
    uint32_t home = record->entries[i].block;
    sound = home == 1 || (home >= layout->block_bitmap && home < layout->blocks);
  }
  return sound;
}

static bool chunk_is_whole(const struct files *files) {
  const struct journal *journal = &files->journal;
  for (uint32_t i = 0; i < journal->recovery.chunk; i++) {
    const void *copy = journal->photograph + (size_t)i * FILES_BLOCK_BYTES;
    if (journal->record->entries[journal->recovery.done + i].digest != block_digest(copy))
      return false;
  }
  return true;
}

static void read_head(struct files *files) {
  struct recovery *recovery = &files->journal.recovery;
  recovery->phase = RECOVER_HEAD;
  recovery->done = 0;
  begin(files, FILES_TRANSFER_READ, files->layout.journal[recovery->area], 1, files->journal.record);
}

static void read_chunk(struct files *files) {
  struct journal *journal = &files->journal;
  struct recovery *recovery = &journal->recovery;
  uint32_t left = journal->record->count - recovery->done;
  recovery->phase = recovery->replaying ? RECOVER_COPY : RECOVER_VERIFY;
  recovery->chunk = left < journal->buffer_blocks ? left : journal->buffer_blocks;
  begin(files, FILES_TRANSFER_READ, files->layout.journal[recovery->area] + 1 + recovery->done,
        recovery->chunk, journal->photograph);
}

static void finish(struct files *files) {
  struct journal *journal = &files->journal;
  const struct recovery *recovery = &journal->recovery;
  uint64_t last = 0;
  for (uint32_t area = 0; area < 2; area++) {
    if (recovery->valid[area] && recovery->sequence[area] > last)
      last = recovery->sequence[area];
  }
  journal->durable = last;
  journal->running = last + 1;
  if (files->layout.journal_blocks > 0 && journal->limit > files->layout.journal_blocks)
    journal->limit = files->layout.journal_blocks;
  journal->recovery.phase = RECOVERED;
}

// An area is finished with: to the next. Of two whole records, the older one is replayed first.
static void next_area(struct files *files) {
  struct recovery *recovery = &files->journal.recovery;
  const bool *valid = recovery->valid;
  const uint64_t *sequence = recovery->sequence;
  recovery->remaining--;
  if (recovery->remaining > 0) {
    recovery->area = !recovery->area;
    read_head(files);
  } else if (recovery->replaying) {
    recovery->phase = RECOVER_FLUSH;
    begin(files, FILES_TRANSFER_FLUSH, 0, 0, NULL);
  } else if (!valid[0] && !valid[1]) {
    finish(files);
  } else if (valid[0] && valid[1] && sequence[0] + 1 != sequence[1] && sequence[1] + 1 != sequence[0]) {
    recovery->error = -FILES_CORRUPT;
  } else {
    recovery->replaying = true;
    recovery->remaining = (uint32_t)valid[0] + valid[1];
    recovery->area = recovery->remaining == 2 ? sequence[1] < sequence[0] : valid[1];
    read_head(files);
  }
}

// One step of recovery: what was asked for last is there.
static void recover_step(struct files *files) {
  struct journal *journal = &files->journal;
  struct recovery *recovery = &journal->recovery;
  switch (recovery->phase) {
  case RECOVER_START:
    recovery->phase = RECOVER_SUPERBLOCK;
    begin(files, FILES_TRANSFER_READ, 0, 1, journal->record);
    break;
  case RECOVER_SUPERBLOCK:
    if (!files_layout((const struct files_superblock *)journal->record, files->disk_blocks, &files->layout)) {
      recovery->error = -FILES_INVALID;
    } else if (files->layout.journal_blocks == 0) {
      finish(files);
    } else {
      recovery->remaining = 2;
      read_head(files);
    }
    break;
  case RECOVER_HEAD:
    if (head_is_sound(files, recovery->area)) {
      recovery->sequence[recovery->area] = journal->record->sequence;
      read_chunk(files);
    } else if (recovery->replaying) {
      recovery->error = -FILES_IO_ERROR; // it was sound before
    } else {
      next_area(files);
    }
    break;
  case RECOVER_VERIFY:
    if (!chunk_is_whole(files)) {
      next_area(files);
      break;
    }
    recovery->done += recovery->chunk;
    recovery->valid[recovery->area] = recovery->done == journal->record->count;
    if (recovery->valid[recovery->area])
      next_area(files);
    else
      read_chunk(files);
    break;
  case RECOVER_COPY:
    recovery->phase = RECOVER_HOME;
    begin_home(files, recovery->done, recovery->chunk);
    break;
  case RECOVER_HOME:
    recovery->done += recovery->chunk;
    if (recovery->done == journal->record->count)
      next_area(files);
    else
      read_chunk(files);
    break;
  case RECOVER_FLUSH:
    finish(files);
    break;
  case RECOVERED:
    break;
  }
}

int journal_recover(struct files *files) {
  struct recovery *recovery = &files->journal.recovery;
  while (files->journal.outstanding == 0 && recovery->error == 0 && recovery->phase != RECOVERED)
    recover_step(files);
  if (files->journal.outstanding == 0 && recovery->error != 0)
    return recovery->error;
  if (recovery->phase == RECOVERED)
    return 0;
  files->transaction.wait = (struct files_wait){.kind = FILES_WAIT_PROGRESS, .until = files->progress};
  return WAIT;
}
