// Prints parts of lines.

#include "input.h"
#include "usage.h"
#include <ctype.h>
#include <err.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RANGES 64

static struct {
  long first, last;
} ranges[RANGES];
static int range_count;
static bool by_field, skips_undivided;
static char separator = '\t';

// A number at *text, behind which it moves; `otherwise` when there is none.
static long take_number(const char **text, long otherwise) {
  return isdigit((unsigned char)**text) ? strtol(*text, (char **)text, 10) : otherwise;
}

// "1,3-5,7-"
static void parse_ranges(const char *text) {
  const char *all = text;
  do {
    if (range_count == RANGES)
      errx(2, "at most %d ranges", RANGES);
    const char *start = text;
    long first = take_number(&text, 1), last = first;
    if (*text == '-') {
      text++;
      last = take_number(&text, LONG_MAX);
    }
    bool is_lone_dash = text == start + 1 && *start == '-';
    if (text == start || is_lone_dash || first < 1 || last < first || (*text != ',' && *text != 0))
      errx(2, "%s is not a list of numbers and ranges", all);
    ranges[range_count].first = first;
    ranges[range_count++].last = last;
  } while (*text++ == ',');
}

static bool is_wanted(long number) {
  for (int i = 0; i < range_count; i++) {
    if (number >= ranges[i].first && number <= ranges[i].last)
      return true;
  }
  return false;
}

static void print_fields(const char *line) {
  bool is_first = true;
  for (long number = 1;; number++) {
    size_t length = strcspn(line, (char[]){separator, 0});
    if (is_wanted(number)) {
      if (!is_first)
        putchar(separator);
      printf("%.*s", (int)length, line);
      is_first = false;
    }
    if (line[length] == 0)
      break;
    line += length + 1;
  }
  putchar('\n');
}

static void print_characters(const char *line) {
  for (long number = 1; *line != 0; number++, line++) {
    if (is_wanted(number))
      putchar(*line);
  }
  putchar('\n');
}

static int cut(FILE *file, const char *name) {
  (void)name;
  for (char *line; (line = next_line(file)) != NULL;) {
    if (!by_field)
      print_characters(line);
    else if (strchr(line, separator) != NULL)
      print_fields(line);
    else if (!skips_undivided)
      puts(line);
  }
  return 0;
}

int main(int count, char **arguments) {
  static const char help[] = "cut -f LIST [-d SEPARATOR] [-s] [FILE...], or cut -c LIST [FILE...]";
  int option;
  while ((option = getopt(count, arguments, "b:c:d:f:s")) != -1) {
    switch (option) {
    case 'b':
    case 'c':
    case 'f':
      by_field = option == 'f';
      parse_ranges(optarg);
      break;
    case 'd':
      separator = *optarg;
      break;
    case 's':
      skips_undivided = true;
      break;
    default:
      usage(help);
    }
  }
  if (range_count == 0)
    usage(help);
  finish(for_each_input(arguments + optind, cut));
}
