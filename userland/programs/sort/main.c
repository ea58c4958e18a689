// Sorts lines.

#include "input.h"
#include "usage.h"
#include <err.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static char **lines;
static size_t count, room;
static bool is_numeric, is_reversed, is_unique, ignores_case;
static int first_field, last_field; // from 1; 0: the whole line; last_field 0: to its end
static char separator;              // 0: blanks

static int collect(FILE *file, const char *name) {
  (void)name;
  for (char *line; (line = next_line(file)) != NULL;) {
    if (count == room)
      lines = realloc(lines, (room = room * 2 + 256) * sizeof *lines);
    if (lines == NULL || (lines[count++] = strdup(line)) == NULL)
      err(2, "out of memory");
  }
  return 0;
}

// Where field number `field` begins; with blanks between fields, those before it belong to it.
static const char *field_start(const char *line, int field) {
  for (; field > 1 && *line != 0; field--) {
    if (separator != 0) {
      line += strcspn(line, (char[]){separator, 0});
      line += *line != 0;
    } else {
      line += strspn(line, " \t");
      line += strcspn(line, " \t");
    }
  }
  return line;
}

static int compare_keys(const char *a, size_t a_length, const char *b, size_t b_length) {
  if (is_numeric) {
    double x = strtod(a, NULL), y = strtod(b, NULL);
    return (x > y) - (x < y);
  }
  size_t shorter = a_length < b_length ? a_length : b_length;
  int order = ignores_case ? strncasecmp(a, b, shorter) : strncmp(a, b, shorter);
  return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

static size_t key_length(const char *line, const char *start) {
  if (last_field == 0)
    return strlen(start);
  const char *end = field_start(line, last_field + 1);
  size_t length = end > start ? (size_t)(end - start) : 0;
  return length > 0 && separator != 0 && end[-1] == separator ? length - 1 : length;
}

static int compare_by_key(const char *a, const char *b) {
  const char *a_key = field_start(a, first_field), *b_key = field_start(b, first_field);
  return compare_keys(a_key, key_length(a, a_key), b_key, key_length(b, b_key));
}

// Lines with equal keys are ordered as whole lines, so that the result never depends on the order they came
// in.
static int compare(const void *left, const void *right) {
  const char *a = *(char *const *)left, *b = *(char *const *)right;
  int order = compare_by_key(a, b);
  if (order == 0 && !is_unique)
    order = strcmp(a, b);
  return is_reversed ? -order : order;
}

int main(int argument_count, char **arguments) {
  int option;
  while ((option = getopt(argument_count, arguments, "fk:nrt:u")) != -1) {
    switch (option) {
    case 'f':
      ignores_case = true;
      break;
    case 'k':
      first_field = atoi(optarg);
      last_field = strchr(optarg, ',') != NULL ? atoi(strchr(optarg, ',') + 1) : 0;
      is_numeric = is_numeric || strchr(optarg, 'n') != NULL;
      is_reversed = is_reversed || strchr(optarg, 'r') != NULL;
      if (first_field < 1)
        errx(2, "%s does not name a field; the first is 1", optarg);
      break;
    case 'n':
      is_numeric = true;
      break;
    case 'r':
      is_reversed = true;
      break;
    case 't':
      separator = *optarg;
      break;
    case 'u':
      is_unique = true;
      break;
    default:
      usage("sort [-fnru] [-k FIRST[,LAST]] [-t SEPARATOR] [FILE...]");
    }
  }
  int status = for_each_input(arguments + optind, collect);
  if (count > 0)
    qsort(lines, count, sizeof *lines, compare);
  for (size_t i = 0; i < count; i++) {
    if (!is_unique || i == 0 || compare_by_key(lines[i - 1], lines[i]) != 0)
      puts(lines[i]);
  }
  finish(status);
}
