#include "calls.h"
#include <stddef.h>
#include <sys/syscall.h>

#define CALL(linux_name, ours) [SYS_##linux_name] = {.handler = sys_##ours, .name = #linux_name},
#define RESTARTS(linux_name, ours)                                                                           \
  [SYS_##linux_name] = {.handler = sys_##ours, .name = #linux_name, .restarts = true},

static const struct call_entry entries[] = {
#include "call_list.h"
};

const struct call_entry *call_entry(uint64_t number) {
  static const struct call_entry none = {.name = "?"};
  bool known = number < sizeof entries / sizeof entries[0] && entries[number].handler != NULL;
  return known ? &entries[number] : &none;
}
