// Prints the beginning of files.

#include "input.h"
#include "quantity.h"
#include "usage.h"
#include <ctype.h>
#include <stdbool.h>
#include <unistd.h>

static int64_t lines = 10, bytes = -1;
static bool has_headers;
static int files;

static int print(FILE *file, const char *name) {
  if (has_headers)
    printf("%s==> %s <==\n", files++ > 0 ? "\n" : "", name);
  int64_t left = bytes >= 0 ? bytes : lines;
  for (int byte; left > 0 && (byte = getc(file)) != EOF;) {
    putchar(byte);
    left -= bytes >= 0 || byte == '\n';
  }
  return 0;
}

int main(int count, char **arguments) {
  int option;
  if (count > 1 && *arguments[1] == '-' && isdigit((unsigned char)arguments[1][1])) { // head -5
    lines = parse_quantity(arguments[1] + 1, 0, "a number of lines");
    optind = 2;
  }
  while ((option = getopt(count, arguments, "c:n:")) != -1) {
    if (option == 'n')
      lines = parse_quantity(optarg, 0, "a number of lines");
    else if (option == 'c')
      bytes = parse_quantity(optarg, 0, "a number of bytes");
    else
      usage("head [-n LINES] [-c BYTES] [FILE...]");
  }
  has_headers = count - optind > 1;
  finish(for_each_input(arguments + optind, print));
}
