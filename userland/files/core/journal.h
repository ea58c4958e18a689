// The journal: how changes reach the disk so that the power may fail at any time.
//
// A commit is a photograph: the blocks that the running transaction has changed are copied, and the next
// transaction runs on. The copies are written as one record into the journal, then a flush makes it durable,
// and only then are they written home. Records use two areas in turn. Record n + 2 takes the place of record
// n when those blocks have long been at home, durably: the flush of n + 1 came between. So at any moment the
// disk without the last two records, and then those of them that are whole, is the file system after some
// transaction; mounting writes them home once more.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cache.h"
#include "format.h"

struct recovery {
  enum {
    RECOVER_START,
    RECOVER_SUPERBLOCK,
    RECOVER_HEAD,
    RECOVER_VERIFY,
    RECOVER_COPY,
    RECOVER_HOME,
    RECOVER_FLUSH,
    RECOVERED
  } phase;
  bool replaying; // the areas are known to be whole or not, and are now written home
  uint32_t area;
  uint32_t remaining; // areas to look at before it is decided what to replay, or to replay
  uint32_t done;      // blocks of this area
  uint32_t chunk;     // blocks in memory
  bool valid[2];
  uint64_t sequence[2];
  int error;
};

struct journal {
  enum { JOURNAL_IDLE, JOURNAL_RECORD, JOURNAL_FLUSH, JOURNAL_HOME } phase;
  uint64_t running;               // number of the transaction that is running
  uint64_t wanted;                // up to this one, commits are asked for
  uint64_t durable;               // up to this one, they outlive the power
  uint32_t limit;                 // blocks of a transaction
  uint32_t count;                 // of the running one
  struct files_block *changed;    // by the running one, through `older`
  struct files_block *committing; // through `next_committing`
  uint32_t buffer_blocks;
  struct files_record *record;      // what is being written: the record's head, and behind it
  uint8_t *photograph;              // the blocks
  uint32_t outstanding;             // transfers of this phase
  struct files_transfer *transfers; // as many as `buffer_blocks`
  struct recovery recovery;
};

// Whether the running transaction can take so many more blocks.
bool journal_has_room(const struct journal *journal, uint32_t blocks);

// Makes the block part of the running transaction.
void journal_add(struct files *files, struct files_block *block);

// Begins a commit if one is wanted and none is under way.
void journal_advance(struct files *files);

// One of the journal's transfers ended.
void journal_transfer_done(struct files *files, bool failed);

// Reads the superblock and replays the journal; each call goes on with it. 0 when that is finished, WAIT, or
// an error.
int journal_recover(struct files *files);
