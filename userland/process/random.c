// Random numbers: a ChaCha20 stream (RFC 8439, 2.3) whose key is the board's seed, so that a run can be
// repeated.
#include "calls.h"
#include "file.h"
#include "lib/kernel.h"
#include "lib/tree.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint32_t state[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
static uint8_t block[64];
static size_t block_used = sizeof block;

static uint32_t rotate(uint32_t value, unsigned bits) { return value << bits | value >> (32 - bits); }

static void quarter(uint32_t *x, unsigned a, unsigned b, unsigned c, unsigned d) {
  x[a] += x[b];
  x[d] = rotate(x[d] ^ x[a], 16);
  x[c] += x[d];
  x[b] = rotate(x[b] ^ x[c], 12);
  x[a] += x[b];
  x[d] = rotate(x[d] ^ x[a], 8);
  x[c] += x[d];
  x[b] = rotate(x[b] ^ x[c], 7);
}

static void next_block(void) {
  uint32_t x[16];
  memcpy(x, state, sizeof x);
  for (int round = 0; round < 10; round++) {
    for (unsigned i = 0; i < 4; i++)
      quarter(x, i, 4 + i, 8 + i, 12 + i);
    for (unsigned i = 0; i < 4; i++)
      quarter(x, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
  }
  for (unsigned i = 0; i < 16; i++)
    x[i] += state[i];
  memcpy(block, x, sizeof block);
  block_used = 0;
  if (++state[12] == 0)
    state[13]++;
}

void random_init(void) {
  static const char otherwise[32] = "trapframe, without a seed";
  memcpy(&state[4], otherwise, sizeof otherwise);
  uint8_t *blob = malloc(TREE_BYTES);
  if (blob == NULL)
    return;
  struct tree tree;
  if (tree_open(blob, tree_read(blob), &tree)) {
    uint32_t length = 0;
    tree_node chosen = tree_child_of_root(&tree, "chosen");
    const void *seed = chosen != TREE_NONE ? tree_property(&tree, chosen, "rng-seed", &length) : NULL;
    if (seed != NULL)
      memcpy(&state[4], seed, length < 32 ? length : 32);
  }
  free(blob);
}

void random_fill(void *to, size_t bytes) {
  for (size_t done = 0; done < bytes;) {
    if (block_used == sizeof block)
      next_block();
    size_t chunk = sizeof block - block_used;
    if (chunk > bytes - done)
      chunk = bytes - done;
    memcpy((char *)to + done, block + block_used, chunk);
    memset(block + block_used, 0, chunk);
    block_used += chunk;
    done += chunk;
  }
}

#define MAX_GETRANDOM (1ul << 20)

HANDLER(sys_getrandom) {
  uint8_t bytes[256];
  uint64_t length = arguments[1] < MAX_GETRANDOM ? arguments[1] : MAX_GETRANDOM;
  for (uint64_t done = 0; done < length;) {
    size_t chunk = length - done < sizeof bytes ? length - done : sizeof bytes;
    random_fill(bytes, chunk);
    if (copy_out(task, arguments[0] + done, bytes, chunk) < 0)
      return -EFAULT;
    done += chunk;
  }
  return (int64_t)length;
}
