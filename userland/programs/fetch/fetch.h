// Fetching a file from the two kinds of file server; the protocols are in file-server/service.h.
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { LARGEST_READ = 4096 };

struct order {
  const char *socket;
  const char *name;
  size_t bytes;
  unsigned pause_milliseconds;
};

// Copy the whole file to stdout. What goes wrong is said on stderr.
bool fetch_stateless(const struct order *order);
bool fetch_stateful(const struct order *order);
