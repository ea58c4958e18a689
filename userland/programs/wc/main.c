// Counts lines, words and bytes.

#include "input.h"
#include "usage.h"
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static const char letters[] = "lwc";
static bool shows[3];
static unsigned long totals[3];
static int files;
static bool has_names;

// In columns, except when there is just one number.
static void print_counts(const unsigned long *counts, const char *name) {
  bool is_alone = !has_names && shows[0] + shows[1] + shows[2] == 1;
  for (int i = 0; i < 3; i++) {
    if (shows[i])
      printf("%*lu", is_alone ? 1 : 8, counts[i]);
  }
  printf("%s%s\n", has_names ? " " : "", has_names ? name : "");
}

static int count_file(FILE *file, const char *name) {
  unsigned long counts[3] = {0};
  bool in_word = false;
  for (int byte; (byte = getc(file)) != EOF; counts[2]++) {
    counts[0] += byte == '\n';
    counts[1] += !in_word && !isspace(byte);
    in_word = !isspace(byte);
  }
  for (int i = 0; i < 3; i++)
    totals[i] += counts[i];
  print_counts(counts, name);
  files++;
  return 0;
}

int main(int count, char **arguments) {
  int option;
  while ((option = getopt(count, arguments, letters)) != -1) {
    if (option == '?')
      usage("wc [-lwc] [FILE...]");
    shows[strchr(letters, option) - letters] = true;
  }
  if (!shows[0] && !shows[1] && !shows[2])
    shows[0] = shows[1] = shows[2] = true;
  has_names = optind < count;
  int status = for_each_input(arguments + optind, count_file);
  if (files > 1)
    print_counts(totals, "total");
  finish(status);
}
