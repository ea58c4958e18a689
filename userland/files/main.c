// The file server (protocol/files.h): the root in memory, filled from the initial RAM disk, and a disk at
// /disk.
//
// Arguments: its name; how it serves (builds.h); offset and length of the archive in the initial RAM disk.

#include "builds.h"
#include "lib/clock.h"
#include "lib/kernel.h"
#include "lib/say.h"
#include "lib/service.h"
#include "lib/space.h"
#include "volume.h"
#include <stdlib.h>
#include <string.h>

#define HANDLE_INITRD HANDLE_OWN

// Of the machine's memory, which the supervisor gives us a fourth of.
#define ROOT_SHARE  8
#define CACHE_SHARE 32
#define MOST_CACHE  (16ul << 20)

uint32_t signal_of(uint32_t notification, uint64_t bit) {
  int64_t copy = kernel_copy_capability(notification, RIGHT_SEND | RIGHT_GRANT, bit);
  if (copy < 0)
    die("cannot be signalled: error %ld", (long)copy);
  return (uint32_t)copy;
}

void start_commit_timer(uint32_t notification, uint64_t bit) {
  uint64_t interval = clock_frequency() * COMMIT_SECONDS;
  int64_t timer = kernel_create_timer();
  int64_t error = timer < 0 ? timer
                            : kernel_set_timer((handle_t)timer, signal_of(notification, bit),
                                               clock_now() + interval, interval);
  if (error < 0)
    die("no timer: error %ld", (long)error);
}

static uint64_t memory_bytes(void) {
  struct system_info system;
  if (kernel_inspect(HANDLE_MACHINE, INSPECT_SYSTEM, 0, &system, sizeof system) < 0)
    die("the system cannot be inspected");
  return system.total_bytes;
}

static void fill_root(uint64_t offset, uint64_t length, uint64_t room) {
  uint64_t pages = (offset + length + PAGE_BYTES - 1) / PAGE_BYTES;
  int64_t address = space_map(HANDLE_INITRD, 0, pages, MAP_READ);
  if (address < 0)
    die("the initial RAM disk cannot be mapped: error %ld", (long)address);
  root_open((const uint8_t *)address + offset, length, room);
  space_unmap((void *)address, pages);
}

int main(int count, char **arguments) {
  if (count < 4)
    die("arguments: name, single | workers | fsm, offset, length");
  const char *how = arguments[1];
  uint64_t memory = memory_bytes();
  uint64_t cache = memory / CACHE_SHARE < MOST_CACHE ? memory / CACHE_SHARE : MOST_CACHE;
  fill_root(strtoul(arguments[2], NULL, 10), strtoul(arguments[3], NULL, 10), memory / ROOT_SHARE);
  if (strcmp(how, "single") == 0)
    serve_single(cache);
  if (strcmp(how, "fsm") == 0)
    serve_fsm(cache);
  if (strcmp(how, "workers") != 0)
    say("\"%s\" is no way to serve; there are single, workers and fsm", how);
  serve_workers(cache);
}
