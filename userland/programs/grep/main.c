// Prints the lines that match a pattern.

#include "input.h"
#include "usage.h"
#include <dirent.h>
#include <err.h>
#include <regex.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static regex_t pattern;
static bool is_inverted, counts, names_files, hides_names, shows_numbers, only_names, is_quiet, is_recursive,
    only_parts, hides_errors;
static bool has_match;

static void print_prefix(const char *name, long number) {
  if (names_files)
    printf("%s:", name);
  if (shows_numbers)
    printf("%ld:", number);
}

static void print_parts(const char *line, const char *name, long number) {
  regmatch_t match;
  for (int flags = 0; regexec(&pattern, line, 1, &match, flags) == 0; flags = REG_NOTBOL) {
    if (match.rm_eo == match.rm_so) {
      if (line[match.rm_eo] == 0)
        return;
      line += match.rm_eo + 1;
      continue;
    }
    print_prefix(name, number);
    printf("%.*s\n", (int)(match.rm_eo - match.rm_so), line + match.rm_so);
    line += match.rm_eo;
  }
}

static int search(FILE *file, const char *name) {
  long matches = 0, number = 0;
  for (char *line; (line = next_line(file)) != NULL;) {
    number++;
    if ((regexec(&pattern, line, 0, NULL, 0) == 0) == is_inverted)
      continue;
    matches++;
    has_match = true;
    if (is_quiet || only_names)
      break;
    if (counts)
      continue;
    if (only_parts && !is_inverted) {
      print_parts(line, name, number);
    } else {
      print_prefix(name, number);
      puts(line);
    }
  }
  if (only_names && matches > 0 && !is_quiet)
    puts(name);
  if (counts && !is_quiet && !only_names) {
    if (names_files)
      printf("%s:", name);
    printf("%ld\n", matches);
  }
  return 0;
}

static int search_named(const char *name) {
  char *names[] = {(char *)name, NULL};
  return for_each_input(names, search);
}

static int search_tree(const char *path) {
  struct stat status;
  if (lstat(path, &status) == 0 && !S_ISDIR(status.st_mode))
    return S_ISREG(status.st_mode) ? search_named(path) : 0;
  struct dirent **entries;
  int found = scandir(path, &entries, NULL, alphasort), result = 0;
  if (found < 0) {
    warn("%s", path);
    return 1;
  }
  for (int i = 0; i < found; i++) {
    char *inner;
    if (strcmp(entries[i]->d_name, ".") != 0 && strcmp(entries[i]->d_name, "..") != 0) {
      if (asprintf(&inner, "%s/%s", path, entries[i]->d_name) < 0)
        err(2, "out of memory");
      result |= search_tree(inner);
      free(inner);
    }
    free(entries[i]);
  }
  free(entries);
  return result;
}

// Makes a basic regular expression match just this text.
static char *escape(const char *text) {
  char *escaped = malloc(strlen(text) * 2 + 1), *end = escaped;
  if (escaped == NULL)
    err(2, "out of memory");
  for (; *text != 0; text++) {
    if (strchr("\\.[]*^$", *text) != NULL)
      *end++ = '\\';
    *end++ = *text;
  }
  *end = 0;
  return escaped;
}

int main(int count, char **arguments) {
  static const char help[] = "grep [-EFHchilnoqrsvx] [-e] PATTERN [FILE...]";
  const char *text = NULL;
  int flags = 0, option;
  bool is_fixed = false, is_whole_line = false;
  while ((option = getopt(count, arguments, "EFHRce:hilnoqrsvx")) != -1) {
    switch (option) {
    case 'E':
      flags |= REG_EXTENDED;
      break;
    case 'F':
      is_fixed = true;
      break;
    case 'H':
      names_files = true;
      break;
    case 'R':
    case 'r':
      is_recursive = true;
      break;
    case 'c':
      counts = true;
      break;
    case 'e':
      text = optarg;
      break;
    case 'h':
      hides_names = true;
      break;
    case 'i':
      flags |= REG_ICASE;
      break;
    case 'l':
      only_names = true;
      break;
    case 'n':
      shows_numbers = true;
      break;
    case 'o':
      only_parts = true;
      break;
    case 'q':
      is_quiet = true;
      break;
    case 's':
      hides_errors = true;
      break;
    case 'v':
      is_inverted = true;
      break;
    case 'x':
      is_whole_line = true;
      break;
    default:
      usage(help);
    }
  }
  if (text == NULL && optind == count)
    usage(help);
  if (text == NULL)
    text = arguments[optind++];
  if (is_fixed) {
    text = escape(text);
    flags &= ~REG_EXTENDED;
  }
  if (is_whole_line) {
    char *anchored;
    bool is_extended = (flags & REG_EXTENDED) != 0;
    if (asprintf(&anchored, is_extended ? "^(%s)$" : "^\\(%s\\)$", text) < 0)
      err(2, "out of memory");
    text = anchored;
  }
  int problem = regcomp(&pattern, text, flags);
  if (problem != 0) {
    char message[128];
    regerror(problem, &pattern, message, sizeof message);
    errx(2, "%s: %s", text, message);
  }
  if (hides_errors)
    fclose(stderr);
  names_files = !hides_names && (names_files || is_recursive || count - optind > 1);
  int status = 0;
  if (!is_recursive)
    status = for_each_input(arguments + optind, search);
  else if (optind == count)
    status = search_tree(".");
  for (int i = optind; is_recursive && i < count; i++)
    status |= search_tree(arguments[i]);
  finish(status != 0 && !(is_quiet && has_match) ? 2 : has_match ? 0 : 1);
}
