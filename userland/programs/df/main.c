// Tells how much room file systems have.

#include "quantity.h"
#include "usage.h"
#include <err.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

static bool is_human;

static const char *size(uint64_t bytes) {
  static char texts[3][24];
  static int last;
  if (is_human)
    return format_size(bytes);
  char *text = texts[++last % 3];
  snprintf(text, sizeof texts[0], "%ju", (uintmax_t)(bytes / 1024));
  return text;
}

// A file system without blocks has no room to tell of, unless it was asked for.
static bool print(const char *device, const char *place, bool is_asked_for) {
  struct statvfs system;
  if (statvfs(place, &system) != 0) {
    warn("%s", place);
    return false;
  }
  if (system.f_blocks == 0 && !is_asked_for)
    return true;
  uint64_t all = system.f_blocks * system.f_frsize, unused = system.f_bfree * system.f_frsize;
  uint64_t available = system.f_bavail * system.f_frsize, used = all - unused;
  unsigned percent =
      used + available == 0 ? 0 : (unsigned)((used * 100 + used + available - 1) / (used + available));
  printf("%-20s %10s %10s %10s %3u%% %s\n", device, size(all), size(used), size(available), percent, place);
  return true;
}

int main(int count, char **arguments) {
  int option, status = 0;
  while ((option = getopt(count, arguments, "hk")) != -1) {
    if (option == '?')
      usage("df [-h] [FILE...]");
    is_human = is_human || option == 'h';
  }
  printf("%-20s %10s %10s %10s %4s %s\n", "File system", is_human ? "Size" : "KiB", "Used", "Available",
         "Use", "Mounted on");
  for (int i = optind; i < count; i++)
    status |= !print("-", arguments[i], true);
  FILE *mounts = optind == count ? fopen("/proc/mounts", "re") : NULL;
  if (optind == count && mounts == NULL)
    err(1, "/proc/mounts");
  char device[256], place[256];
  while (mounts != NULL && fscanf(mounts, "%255s %255s%*[^\n]", device, place) == 2)
    status |= !print(device, place, false);
  finish(status);
}
