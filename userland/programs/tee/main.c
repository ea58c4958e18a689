// Prints its input, and writes it into files too.

#include "usage.h"
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

#define FILES 32

static bool write_all(int file, const char *buffer, size_t length) {
  while (length > 0) {
    ssize_t written = write(file, buffer, length);
    if (written < 0)
      return false;
    buffer += written;
    length -= (size_t)written;
  }
  return true;
}

int main(int count, char **arguments) {
  int flags = O_WRONLY | O_CREAT | O_TRUNC, option, status = 0;
  while ((option = getopt(count, arguments, "ai")) != -1) {
    if (option == '?')
      usage("tee [-ai] [FILE...]");
    if (option == 'a')
      flags = O_WRONLY | O_CREAT | O_APPEND;
    else
      signal(SIGINT, SIG_IGN);
  }
  const char *names[FILES + 1] = {"standard output"};
  int files[FILES + 1] = {STDOUT_FILENO}, open_files = 1;
  if (count - optind > FILES)
    errx(2, "at most %d files", FILES);
  for (int i = optind; i < count; i++) {
    int file = open(arguments[i], flags, 0666);
    if (file < 0) {
      warn("%s", arguments[i]);
      status = 1;
      continue;
    }
    names[open_files] = arguments[i];
    files[open_files++] = file;
  }
  char buffer[8192];
  ssize_t got;
  while ((got = read(STDIN_FILENO, buffer, sizeof buffer)) > 0) {
    for (int i = 0; i < open_files; i++) {
      if (!write_all(files[i], buffer, (size_t)got)) {
        warn("%s", names[i]);
        status = 1;
      }
    }
  }
  if (got < 0)
    err(1, "standard input");
  return status;
}
