#include "files.h"

#include "core.h"
#include "operation.h"

enum {
  RESTARTS_BEFORE_ALONE = 100,
  MOST_RESTARTS = 10000, // only a damaged disk asks for more blocks than the cache has
  FEW_BLOCKS = 16,       // of cache that transactions leave to reading
};

// Parts of the memory: what is transferred first, so that it is aligned to blocks.
struct memory_plan {
  uint32_t buckets;
  size_t photograph;
  size_t copies;
  size_t cache;
  size_t files;
  size_t blocks;
  size_t transfers;
  size_t bucket_table;
  size_t total;
};

static struct memory_plan plan_memory(uint32_t cache_blocks, uint32_t commit_blocks) {
  struct memory_plan plan = {.buckets = 1};
  while (plan.buckets < cache_blocks)
    plan.buckets *= 2;
  plan.photograph = FILES_BLOCK_BYTES; // behind the record's head
  plan.copies = plan.photograph + (size_t)commit_blocks * FILES_BLOCK_BYTES;
  plan.cache = plan.copies + (size_t)TRANSACTION_BLOCKS * FILES_BLOCK_BYTES;
  plan.files = plan.cache + (size_t)cache_blocks * FILES_BLOCK_BYTES;
  plan.blocks = plan.files + (sizeof(struct files) + 15) / 16 * 16;
  plan.transfers = plan.blocks + cache_blocks * sizeof(struct files_block);
  plan.bucket_table = plan.transfers + commit_blocks * sizeof(struct files_transfer);
  plan.total = plan.bucket_table + plan.buckets * sizeof(struct files_block *);
  return plan;
}

size_t files_memory(uint32_t cache_blocks, uint32_t commit_blocks) {
  return plan_memory(cache_blocks, commit_blocks).total;
}

struct files *files_start(void *memory, uint32_t cache_blocks, uint32_t commit_blocks, uint32_t disk_blocks) {
  struct memory_plan plan = plan_memory(cache_blocks, commit_blocks);
  uint8_t *bytes = memory;
  struct files *files = (struct files *)(bytes + plan.files);
  uint32_t half = (cache_blocks - TRANSACTION_BLOCKS - FEW_BLOCKS) / 2;
  files->disk_blocks = disk_blocks;
  files->journal = (struct journal){
      .limit = commit_blocks < half ? commit_blocks : half,
      .buffer_blocks = commit_blocks,
      .record = memory,
      .photograph = bytes + plan.photograph,
      .transfers = (struct files_transfer *)(bytes + plan.transfers),
  };
  for (uint32_t i = 0; i < TRANSACTION_BLOCKS; i++)
    files->transaction.copies[i].data = bytes + plan.copies + (size_t)i * FILES_BLOCK_BYTES;
  cache_start(&files->cache, (struct files_block *)(bytes + plan.blocks), cache_blocks, bytes + plan.cache,
              (struct files_block **)(bytes + plan.bucket_table), plan.buckets - 1);
  return files;
}

// Ends a request, and with it the privilege it may have had.
static bool finish(struct files *files, struct files_call *request, int64_t result) {
  if (files->alone == request) {
    files->alone = NULL;
    files->progress++;
  }
  // Part of a write is a result, too; the error comes back with the rest.
  bool is_partial = request->operation == FILES_DO_WRITE && result < 0 && request->done > 0;
  request->result = is_partial ? request->done : result;
  if (request->result < 0)
    request->orphan = (struct files_handle){0};
  return true;
}

// Puts a request off until what it lacks is there.
static bool put_off(struct files *files, struct files_call *request) {
  request->wait = files->transaction.wait;
  request->restarts++;
  if (request->wait.kind != FILES_WAIT_COMMIT && request->restarts > RESTARTS_BEFORE_ALONE &&
      files->alone == NULL)
    files->alone = request;
  journal_advance(files);
  return false;
}

bool files_run(struct files *files, struct files_call *request) {
  if (files->alone != NULL && files->alone != request) {
    request->wait = (struct files_wait){.kind = FILES_WAIT_PROGRESS, .until = files->progress};
    return false;
  }
  for (;;) {
    int64_t result = operation_step(files, request);
    uint32_t advanced = files->transaction.advanced;
    if (result < 0 && result != AGAIN)
      transaction_abandon(files);
    if (result == WAIT)
      return request->restarts < MOST_RESTARTS ? put_off(files, request)
                                               : finish(files, request, -FILES_BUSY);
    if (result < 0 && result != AGAIN)
      return finish(files, request, result);
    int error = transaction_publish(files);
    if (error == WAIT)
      return put_off(files, request);
    if (error != 0)
      return finish(files, request, error);
    request->done += advanced;
    if (result != AGAIN)
      return finish(files, request, result);
  }
}

bool files_can_run(const struct files *files, const struct files_call *request) {
  const struct files_wait *wait = &request->wait;
  if (files->alone != NULL && files->alone != request)
    return false;
  switch (wait->kind) {
  case FILES_WAIT_BLOCK:
    return wait->block->number != wait->until || !wait->block->loading;
  case FILES_WAIT_PROGRESS:
    return files->progress != wait->until;
  case FILES_WAIT_COMMIT:
    return files->journal.durable >= wait->until || files->failure != 0;
  case FILES_WAIT_NOTHING:
    break;
  }
  return true;
}

void transfer_begin(struct files *files, struct files_transfer *transfer) {
  transfer->next = NULL;
  *(files->last_transfer != NULL ? &files->last_transfer->next : &files->first_transfer) = transfer;
  files->last_transfer = transfer;
}

struct files_transfer *files_next_transfer(struct files *files) {
  struct files_transfer *transfer = files->first_transfer;
  if (transfer == NULL)
    return NULL;
  files->first_transfer = transfer->next;
  if (transfer->next == NULL)
    files->last_transfer = NULL;
  return transfer;
}

void files_transfer_done(struct files *files, struct files_transfer *transfer, bool failed) {
  struct files_block *block = transfer->loads;
  files->progress++;
  if (block == NULL) {
    journal_transfer_done(files, failed);
    return;
  }
  block->loading = false;
  block->failed = failed;
  cache_release(&files->cache, block);
}

void files_commit(struct files *files) {
  files->journal.wanted = files->journal.running;
  journal_advance(files);
}

bool files_changed(const struct files *files) {
  return files->journal.count > 0 || files->journal.phase != JOURNAL_IDLE;
}

const struct files_layout *files_layout_of(const struct files *files) { return &files->layout; }
