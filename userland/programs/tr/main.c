// Replaces or deletes characters.

#include "usage.h"
#include <ctype.h>
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct set {
  unsigned char bytes[1024];
  int count;
};

static void add(struct set *set, int byte) {
  if (set->count < (int)sizeof set->bytes)
    set->bytes[set->count++] = (unsigned char)byte;
}

static int take(const char **text) {
  static const char letters[] = "abfnrtv\\", meanings[] = "\a\b\f\n\r\t\v\\";
  if (**text != '\\' || (*text)[1] == 0)
    return (unsigned char)*(*text)++;
  ++*text;
  if (**text >= '0' && **text <= '7') {
    int value = 0;
    for (int i = 0; i < 3 && **text >= '0' && **text <= '7'; i++)
      value = value * 8 + *(*text)++ - '0';
    return value & 255;
  }
  const char *known = strchr(letters, **text);
  int byte = known != NULL ? meanings[known - letters] : (unsigned char)**text;
  ++*text;
  return byte;
}

static const struct {
  const char *name;
  int (*contains)(int byte);
} classes[] = {{"[:alpha:]", isalpha}, {"[:digit:]", isdigit}, {"[:alnum:]", isalnum},
               {"[:upper:]", isupper}, {"[:lower:]", islower}, {"[:space:]", isspace},
               {"[:punct:]", ispunct}, {"[:blank:]", isblank}};

static bool add_class(struct set *set, const char **text) {
  for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
    if (strncmp(*text, classes[i].name, 9) != 0)
      continue;
    for (int byte = 0; byte < 256; byte++) {
      if (classes[i].contains(byte))
        add(set, byte);
    }
    *text += 9;
    return true;
  }
  return false;
}

// "a-z\n[:digit:]": characters, ranges and classes.
static struct set parse(const char *text) {
  struct set set = {0};
  while (*text != 0) {
    if (add_class(&set, &text))
      continue;
    int first = take(&text), last = first;
    if (*text == '-' && text[1] != 0) {
      text++;
      last = take(&text);
      if (last < first)
        errx(2, "a range goes backwards: %c-%c", first, last);
    }
    for (int byte = first; byte <= last; byte++)
      add(&set, byte);
  }
  return set;
}

static struct set complement(const struct set *set) {
  struct set rest = {0};
  for (int byte = 0; byte < 256; byte++) {
    if (memchr(set->bytes, byte, (size_t)set->count) == NULL)
      add(&rest, byte);
  }
  return rest;
}

int main(int count, char **arguments) {
  static const char help[] = "tr [-cds] SET1 [SET2]";
  bool complements = false, deletes = false, squeezes = false;
  int option;
  while ((option = getopt(count, arguments, "cds")) != -1) {
    if (option == '?')
      usage(help);
    complements = complements || option == 'c';
    deletes = deletes || option == 'd';
    squeezes = squeezes || option == 's';
  }
  int sets = count - optind;
  if (sets < 1 || sets > 2 || (sets == 1 && !deletes && !squeezes))
    usage(help);
  struct set from = parse(arguments[optind]), to = {0};
  if (complements)
    from = complement(&from);
  if (sets == 2)
    to = parse(arguments[optind + 1]);
  int map[256];
  bool is_squeezed[256] = {false};
  for (int byte = 0; byte < 256; byte++)
    map[byte] = byte;
  for (int i = 0; i < from.count; i++) {
    if (deletes)
      map[from.bytes[i]] = EOF;
    else if (to.count > 0) // the last of the second set stands for all that are missing
      map[from.bytes[i]] = to.bytes[i < to.count ? i : to.count - 1];
  }
  const struct set *squeezed = sets == 2 ? &to : &from;
  for (int i = 0; squeezes && i < squeezed->count; i++)
    is_squeezed[squeezed->bytes[i]] = true;
  int last = EOF;
  for (int byte; (byte = getchar()) != EOF;) {
    int result = map[byte];
    if (result == EOF || (result == last && is_squeezed[result]))
      continue;
    putchar(result);
    last = result;
  }
  finish(0);
}
