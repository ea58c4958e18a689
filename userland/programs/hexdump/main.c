// Shows bytes as numbers and characters.

#include "input.h"
#include "quantity.h"
#include "usage.h"
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define PER_LINE 16

static int64_t skip, left = INT64_MAX, offset;
static unsigned char line[PER_LINE], before[PER_LINE];
static int filled;
static bool is_repeating;

// A line like the one before is shown as *, once.
static void print_line(void) {
  if (filled == PER_LINE && offset >= skip + PER_LINE + PER_LINE && memcmp(line, before, PER_LINE) == 0) {
    if (!is_repeating)
      puts("*");
    is_repeating = true;
    return;
  }
  is_repeating = false;
  printf("%08jx ", (uintmax_t)(offset - filled));
  for (int i = 0; i < PER_LINE; i++) {
    const char *gap = i % 8 == 0 ? " " : "";
    if (i < filled)
      printf("%s%02x ", gap, line[i]);
    else
      printf("%s   ", gap);
  }
  fputs(" |", stdout);
  for (int i = 0; i < filled; i++)
    putchar(isprint(line[i]) ? line[i] : '.');
  puts("|");
  memcpy(before, line, sizeof line);
}

static int dump(FILE *file, const char *name) {
  (void)name;
  for (int byte; left > 0 && (byte = getc(file)) != EOF;) {
    if (offset++ < skip)
      continue;
    left--;
    line[filled++] = (unsigned char)byte;
    if (filled == PER_LINE) {
      print_line();
      filled = 0;
    }
  }
  return 0;
}

int main(int count, char **arguments) {
  int option;
  while ((option = getopt(count, arguments, "Cn:s:")) != -1) {
    if (option == 'n')
      left = parse_quantity(optarg, 0, "a number of bytes");
    else if (option == 's')
      skip = parse_quantity(optarg, 0, "a number of bytes");
    else if (option != 'C') // this is how it always looks
      usage("hexdump [-C] [-n BYTES] [-s SKIPPED] [FILE...]");
  }
  int status = for_each_input(arguments + optind, dump);
  if (filled > 0)
    print_line();
  if (offset > skip)
    printf("%08jx\n", (uintmax_t)offset);
  finish(status);
}
