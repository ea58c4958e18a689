// Measures how many requests the file server answers when so many clients ask at once. Runs in the place of
// the POSIX server (`run=files-benchmark`).
//
// Each client is a thread with a session of its own, which reads blocks one after the other: two of three
// from a small file that stays in the server's cache, the third one from anywhere in a file larger than the
// cache. The block number is at the start of each block.

#include "lib/clock.h"
#include "lib/ipc.h"
#include "lib/mutex.h"
#include "lib/service.h"
#include "lib/thread.h"
#include "lib/window.h"
#include "protocol/files.h"
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum {
  MOST_CLIENTS = 16,
  REQUESTS = 960,
  MISS_PERIOD = 3,
  BLOCK_BYTES = 4096,
  HOT_BLOCKS = 16,
  COLD_BLOCKS = 4096,
  PATH_OFFSET = BLOCK_BYTES,
  STAT_OFFSET = BLOCK_BYTES + 1024,
  WINDOW_PAGES = 2,
};

struct client {
  struct thread thread;
  struct window window;
  handle_t session;
  uint64_t hot, cold; // open files
  uint64_t random;    // xorshift64's state
};

static struct client clients[MOST_CLIENTS];
static atomic_int requests_left;

__attribute__((format(printf, 1, 2))) static void print(const char *format, ...) {
  char line[160];
  __builtin_va_list arguments;
  __builtin_va_start(arguments, format);
  int length = vsnprintf(line, sizeof line, format, arguments);
  __builtin_va_end(arguments);
  kernel_print(HANDLE_MACHINE, line, (size_t)length);
}

static int64_t require(int64_t result, const char *what) {
  if (result < 0) {
    print("failed: %s: error %ld\n", what, (long)result);
    kernel_end_process(HANDLE_PROCESS, 1);
  }
  return result;
}

static uint64_t open_file(struct client *client, const char *path) {
  size_t bytes = strlen(path);
  memcpy(client->window.bytes + PATH_OFFSET, path, bytes);
  struct message message = message_of(FILES_OPEN, WINDOW_TEXT(PATH_OFFSET, bytes), O_RDONLY, 0, STAT_OFFSET);
  return (uint64_t)require(message_request(client->session, &message), path);
}

static void connect(struct client *client, handle_t service) {
  require(window_create(WINDOW_PAGES, &client->window), "a window");
  struct message message = {.tag = TAG(FILES_CONNECT, MESSAGE_REGISTERS, 1),
                            .words = {WINDOW_PAGES * PAGE_BYTES}};
  message_buffer->send[0] = client->window.memory;
  require(message_request(service, &message), "a session");
  client->session = message_capability(&message, 0);
  client->hot = open_file(client, "/disk/hot");
  client->cold = open_file(client, "/disk/cold");
}

static void read_block(struct client *client, uint64_t file, uint64_t block) {
  struct message message = message_of(FILES_READ, file, block * BLOCK_BYTES, 0, BLOCK_BYTES);
  int64_t bytes = require(message_request(client->session, &message), "a read");
  uint64_t found;
  memcpy(&found, client->window.bytes, sizeof found);
  if (bytes != BLOCK_BYTES || found != block)
    require(-1, "the right block");
}

static uint64_t random_below(struct client *client, uint64_t bound) {
  uint64_t random = client->random;
  random ^= random << 13;
  random ^= random >> 7;
  random ^= random << 17;
  client->random = random;
  return (random >> 16) % bound;
}

static uint64_t read_blocks(void *argument) {
  struct client *client = argument;
  int number;
  while ((number = atomic_fetch_sub(&requests_left, 1)) > 0) {
    if (number % MISS_PERIOD == 0)
      read_block(client, client->cold, random_below(client, COLD_BLOCKS));
    else
      read_block(client, client->hot, random_below(client, HOT_BLOCKS));
  }
  return 0;
}

static void measure(unsigned count) {
  atomic_store(&requests_left, REQUESTS);
  uint64_t start = clock_now();
  for (unsigned i = 0; i < count; i++)
    require(thread_create(&clients[i].thread, read_blocks, &clients[i]), "a thread");
  for (unsigned i = 0; i < count; i++)
    require(thread_join(&clients[i].thread), "a client");
  print("measured clients %u,-,%lu,%u\n", count, clock_now() - start, REQUESTS);
}

int main(void) {
  handle_t service = (handle_t)require(service_await(FILES_SERVICE), "the file server");
  for (unsigned i = 0; i < MOST_CLIENTS; i++) {
    clients[i].random = 0x9e3779b97f4a7c15ul * (i + 1);
    connect(&clients[i], service);
  }
  for (unsigned block = 0; block < HOT_BLOCKS; block++)
    read_block(&clients[0], clients[0].hot, block);
  for (unsigned count = 1; count <= MOST_CLIENTS; count *= 2)
    measure(count);
  print("measuring is over\n");
  return 0;
}
