#include "sbi.h"
#include "console.h"
#include "power.h"
#include <stddef.h>

struct extension {
  unsigned long id;
  struct sbi_result (*call)(const unsigned long registers[8]);
  // NULL: on every board.
  bool (*is_available)(void);
};

// In the order of how often they are called: it is searched from the front.
static const struct extension extensions[] = {
    {0x54494d45, sbi_time, NULL},
    {0x735049, sbi_ipi, NULL},
    {0x52464e43, sbi_rfence, NULL},
    {0x48534d, sbi_hsm, NULL},
    {0x4442434e, sbi_dbcn, console_exists},
    {0x10, sbi_base, NULL},
    {0x53525354, sbi_srst, power_is_controllable},
};

static const struct extension *find(unsigned long id) {
  for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++)
    if (extensions[i].id == id)
      return &extensions[i];
  return NULL;
}

bool sbi_is_available(unsigned long id) {
  const struct extension *extension = find(id);
  if (extension == NULL)
    return id <= SBI_LEGACY_LAST;
  return extension->is_available == NULL || extension->is_available();
}

struct sbi_result sbi_call(const unsigned long registers[8]) {
  const struct extension *extension = find(registers[SBI_EXTENSION]);
  if (extension != NULL && (extension->is_available == NULL || extension->is_available()))
    return extension->call(registers);
  if (registers[SBI_EXTENSION] <= SBI_LEGACY_LAST)
    return sbi_legacy(registers);
  return sbi_error(SBI_ERR_NOT_SUPPORTED);
}
