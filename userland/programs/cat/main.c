// Prints files one after the other.

#include "input.h"
#include "usage.h"
#include <stdbool.h>
#include <unistd.h>

static bool numbers_lines;
static int line_number;

static int print(FILE *file, const char *name) {
  (void)name;
  char buffer[8192];
  size_t got;
  if (numbers_lines) {
    for (char *line; (line = next_line(file)) != NULL;)
      printf("%6d\t%s\n", ++line_number, line);
    return 0;
  }
  // Not fread: it would wait for a whole buffer when somebody types.
  fflush(stdout);
  for (ssize_t count; (count = read(fileno(file), buffer, sizeof buffer)) != 0;) {
    if (count < 0) {
      perror(name);
      return 1;
    }
    got = (size_t)count;
    if (fwrite(buffer, 1, got, stdout) != got || fflush(stdout) != 0)
      finish(1);
  }
  return 0;
}

int main(int count, char **arguments) {
  int option;
  while ((option = getopt(count, arguments, "nu")) != -1) {
    if (option == '?')
      usage("cat [-n] [FILE...]");
    numbers_lines = numbers_lines || option == 'n';
  }
  finish(for_each_input(arguments + optind, print));
}
