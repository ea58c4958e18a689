#include "payload.h"

// A walk of its own over the flattened tree, not the firmware's: it is what the firmware wrote that is
// checked.
enum token { BEGIN_NODE = 1, END_NODE, PROPERTY, NOP, END = 9 };

struct visitor {
  void (*property)(struct visitor *visitor, const char *path, const char *name, const uint32_t *value,
                   uint32_t length);
  const char *bootargs;
  unsigned regions;
  unsigned unmapped;
};

static uint32_t swap(uint32_t word) { return __builtin_bswap32(word); }

static bool starts_with(const char *text, const char *start) {
  for (; *start != '\0'; text++, start++)
    if (*text != *start)
      return false;
  return true;
}

// False if the structure block is not well formed.
static bool walk(uint64_t tree, struct visitor *visitor) {
  const uint32_t *header = (const uint32_t *)tree;
  const uint32_t *at = (const uint32_t *)(tree + swap(header[2]));
  const uint32_t *end = at + swap(header[9]) / 4;
  const char *strings = (const char *)(tree + swap(header[3]));
  char path[256] = "";
  unsigned ends[16];
  unsigned depth = 0;
  while (at < end) {
    uint32_t token = swap(*at++);
    if (token == BEGIN_NODE) {
      const char *name = (const char *)at;
      size_t used = text_length(path);
      if (depth == 16 || used + text_length(name) + 2 > sizeof path)
        return false;
      ends[depth++] = (unsigned)used;
      if (depth > 1)
        path[used++] = '/';
      for (size_t i = 0; i <= text_length(name); i++)
        path[used + i] = name[i];
      at += text_length(name) / 4 + 1;
    } else if (token == END_NODE) {
      if (depth == 0)
        return false;
      path[ends[--depth]] = '\0';
    } else if (token == PROPERTY) {
      uint32_t bytes = swap(at[0]);
      visitor->property(visitor, path, strings + swap(at[1]), at + 2, bytes);
      at += 2 + (bytes + 3) / 4;
    } else if (token == END) {
      return depth == 0 && at == end;
    } else if (token != NOP) {
      return false;
    }
  }
  return false;
}

static void find_bootargs(struct visitor *visitor, const char *path, const char *name, const uint32_t *value,
                          uint32_t bytes) {
  if (text_equal(path, "/chosen") && text_equal(name, "bootargs") && bytes > 0)
    visitor->bootargs = (const char *)value;
}

const char *command_line(uint64_t tree) {
  struct visitor visitor = {.property = find_bootargs, .bootargs = ""};
  walk(tree, &visitor);
  return visitor.bootargs;
}

static void find_reservation(struct visitor *visitor, const char *path, const char *name,
                             const uint32_t *value, uint32_t bytes) {
  if (text_equal(path, "/reserved-memory")) {
    if (text_equal(name, "#address-cells") || text_equal(name, "#size-cells"))
      check_equal(swap(value[0]), 2);
  } else if (starts_with(path, "/reserved-memory/") && text_equal(name, "reg")) {
    say("reserved: ");
    say(path);
    say("\r\n");
  }
  if (text_equal(path, "/reserved-memory/firmware@80000000")) {
    if (text_equal(name, "reg")) {
      check_equal(bytes, 16);
      check_equal(swap(value[1]), FIRMWARE);
      check_equal(swap(value[3]), 0x20000);
      visitor->regions++;
    } else if (text_equal(name, "no-map")) {
      visitor->unmapped++;
    }
  }
}

void test_tree(uint64_t tree) {
  struct visitor visitor = {.property = find_reservation};
  const uint32_t *header = (const uint32_t *)tree;
  check_equal(tree % 8, 0);
  check_equal(swap(header[0]), 0xd00dfeed);
  check(walk(tree, &visitor));
  check_equal(visitor.regions, 1);
  check_equal(visitor.unmapped, 1);
}
