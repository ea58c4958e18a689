// Tells how much room files take.

#include "quantity.h"
#include "usage.h"
#include <err.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEEPEST 256

static bool is_human, only_sums, shows_files;
static uint64_t sums[DEEPEST + 2]; // of the folders being walked through, by depth
static int status;

static void print(uint64_t bytes, const char *path) {
  if (is_human)
    printf("%s\t%s\n", format_size(bytes), path);
  else
    printf("%ju\t%s\n", (uintmax_t)((bytes + 1023) / 1024), path);
}

// Called with a folder after all that is in it.
static int visit(const char *path, const struct stat *file, int kind, struct FTW *place) {
  if (kind == FTW_NS || kind == FTW_DNR) {
    warn("%s", path);
    status = 1;
    return 0;
  }
  int depth = place->level < DEEPEST ? place->level : DEEPEST;
  uint64_t bytes = (uint64_t)file->st_blocks * 512;
  if (kind == FTW_DP) {
    bytes += sums[depth + 1];
    sums[depth + 1] = 0;
  }
  sums[depth] += bytes;
  if (depth == 0 || (!only_sums && (kind == FTW_DP || shows_files)))
    print(bytes, path);
  return 0;
}

int main(int count, char **arguments) {
  static char *here[] = {(char *)".", NULL};
  int option;
  while ((option = getopt(count, arguments, "ahks")) != -1) {
    if (option == '?')
      usage("du [-ahs] [FILE...]");
    shows_files = shows_files || option == 'a';
    is_human = is_human || option == 'h';
    only_sums = only_sums || option == 's';
  }
  for (char **path = optind == count ? here : arguments + optind; *path != NULL; path++) {
    if (nftw(*path, visit, 32, FTW_DEPTH | FTW_PHYS) != 0) {
      warn("%s", *path);
      status = 1;
    }
    sums[0] = 0;
  }
  finish(status);
}
