// Changes who may do what with files.

#include "usage.h"
#include <err.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *change;
static int status;

static mode_t who_mask(const char **text) {
  mode_t mask = 0;
  for (; **text != 0 && strchr("ugoa", **text) != NULL; ++*text)
    mask |= **text == 'u' ? 04700 : **text == 'g' ? 02070 : **text == 'o' ? 01007 : 07777;
  return mask == 0 ? 07777 : mask;
}

// What "u+x,go-w" or "644" makes of a mode. False when it says nothing.
static bool apply(const char *text, mode_t *mode, bool is_folder) {
  char *end;
  unsigned long octal = strtoul(text, &end, 8);
  if (end != text) {
    *mode = (mode_t)octal;
    return *end == 0 && octal <= 07777;
  }
  for (;;) {
    mode_t who = who_mask(&text), bits = 0;
    char operation = *text;
    if (operation == 0 || strchr("+-=", operation) == NULL)
      return false;
    for (text++; *text != 0 && strchr("rwxXst", *text) != NULL; text++) {
      bool is_executable = is_folder || (*mode & 0111) != 0;
      bits |= *text == 'r'                                      ? 0444
              : *text == 'w'                                    ? 0222
              : *text == 'x' || (*text == 'X' && is_executable) ? 0111
              : *text == 's'                                    ? 06000
              : *text == 't'                                    ? 01000
                                                                : 0;
    }
    bits &= who;
    *mode = operation == '+' ? *mode | bits : operation == '-' ? *mode & ~bits : (*mode & ~who) | bits;
    if (*text == 0)
      return true;
    if (*text++ != ',')
      return false;
  }
}

static int change_one(const char *path, const struct stat *before, int kind, struct FTW *place) {
  (void)place;
  mode_t mode = before->st_mode & 07777;
  if (kind == FTW_SL)
    return 0;
  if (!apply(change, &mode, S_ISDIR(before->st_mode)))
    errx(2, "%s is not a mode", change);
  if (kind == FTW_NS || chmod(path, mode) != 0) {
    warn("%s", path);
    status = 1;
  }
  return 0;
}

int main(int count, char **arguments) {
  bool is_recursive = count > 1 && strcmp(arguments[1], "-R") == 0;
  int first = 1 + is_recursive; // not getopt: a mode may begin with -
  if (count - first < 2)
    usage("chmod [-R] MODE FILE...");
  change = arguments[first];
  for (int i = first + 1; i < count; i++) {
    struct stat before;
    if (stat(arguments[i], &before) != 0) {
      warn("%s", arguments[i]);
      status = 1;
    } else if (is_recursive) {
      nftw(arguments[i], change_one, 16, FTW_PHYS);
    } else {
      change_one(arguments[i], &before, FTW_F, NULL);
    }
  }
  return status;
}
