// Entering the kernel for nothing, and for pages.

#include "lib/space.h"
#include "measure.h"
#include "partner.h"
#include "suites.h"

#define ROUNDS 256ul

static void measure_null_call(void) {
  struct moment start = moment_now();
  for (unsigned i = 0; i < ROUNDS; i++)
    kernel_delete(0);
  measured("null call", start, ROUNDS);
}

static void touch(uint8_t *pages) {
  for (uint64_t i = 0; i < ROUNDS; i++)
    *(volatile uint8_t *)(pages + i * PAGE_BYTES) = 1;
}

static void measure_touching(const char *name, handle_t memory) {
  uint8_t *pages = (uint8_t *)require(space_map(memory, 0, ROUNDS, MAP_READ | MAP_WRITE), "a mapping");
  pages[0] = 1; // and its page table
  struct moment start = moment_now();
  touch(pages);
  measured(name, start, ROUNDS - 1);
  space_unmap(pages, ROUNDS);
  kernel_delete(memory);
}

static handle_t paged; // by the pager's name
static uint8_t *supplies;

// Has its pages at hand: what is measured is fault, message, supply, answer, and trying again.
static void supply(uint64_t endpoint) {
  touch(supplies);
  struct message message;
  message_receive((handle_t)endpoint, &message, WAIT_FOREVER);
  for (;;) {
    uint64_t page = message.words[1];
    require(kernel_supply_page(paged, page, supplies + page * PAGE_BYTES), "a page");
    message.tag = TAG(0, 0, 0);
    message_reply_receive((handle_t)endpoint, &message, WAIT_FOREVER);
  }
}

static void measure_pager(void) {
  handle_t pool = (handle_t)require(kernel_create_memory(ROUNDS, 0, 0, 0), "memory");
  supplies = (uint8_t *)require(space_reserve(ROUNDS), "room");
  handle_t endpoint = (handle_t)require(kernel_create_endpoint(), "an endpoint");
  handle_t memory = (handle_t)require(kernel_create_memory(ROUNDS, 0, endpoint, 0), "memory");
  handle_t process = partner_process();
  require(kernel_map(process, pool, (uint64_t)supplies, 0, ROUNDS, MAP_READ | MAP_WRITE), "a mapping");
  paged = (handle_t)require(kernel_grant(process, memory, RIGHTS_ALL, 0), "a grant");
  handle_t served = (handle_t)require(kernel_grant(process, endpoint, RIGHTS_ALL, 0), "a grant");
  struct partner pager = partner_start(process, supply, served);
  measure_touching("pager fault", memory);
  partner_end(pager);
  kernel_delete(pool);
  kernel_delete(endpoint);
}

void measure_faults(void) {
  measure_null_call();
  measure_touching("zero-fill fault", (handle_t)require(kernel_create_memory(ROUNDS, 0, 0, 0), "memory"));
  measure_pager();
}
