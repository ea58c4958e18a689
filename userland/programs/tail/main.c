// Prints the end of files, and with -f goes on as they grow.

#include "input.h"
#include "quantity.h"
#include "usage.h"
#include <ctype.h>
#include <err.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

static int64_t wanted = 10;
static bool counts_bytes, follows, from_start, has_headers;
static int files;

static void copy_rest(FILE *file) {
  for (int byte; (byte = getc(file)) != EOF;)
    putchar(byte);
}

// +N: everything from the Nth line or byte.
static void print_from_start(FILE *file) {
  int64_t skipped = 1;
  for (int byte; skipped < wanted && (byte = getc(file)) != EOF;)
    skipped += counts_bytes || byte == '\n';
  copy_rest(file);
}

// Reads everything and keeps what may be printed: a pipe cannot be read backwards.
static void print_end(FILE *file) {
  size_t length = 0, room = 65536;
  char *kept = malloc(room);
  for (size_t got; kept != NULL && (got = fread(kept + length, 1, room - length, file)) > 0;) {
    length += got;
    if (length == room)
      kept = realloc(kept, room *= 2);
  }
  if (kept == NULL)
    err(1, "out of memory");
  size_t start = length;
  int64_t found = 0;
  // A newline before `start` ends a line that is not wanted once enough lines begin behind it.
  while (start > 0 && found < wanted) {
    bool begins_line = start < 2 || kept[start - 2] == '\n';
    start--;
    found += counts_bytes || begins_line;
  }
  fwrite(kept + start, 1, length - start, stdout);
  free(kept);
}

static int print(FILE *file, const char *name) {
  if (has_headers)
    printf("%s==> %s <==\n", files++ > 0 ? "\n" : "", name);
  if (from_start)
    print_from_start(file);
  else
    print_end(file);
  while (follows) {
    fflush(stdout);
    sleep(1);
    clearerr(file);
    copy_rest(file);
  }
  return 0;
}

static void set_wanted(const char *text) {
  from_start = *text == '+';
  wanted = parse_quantity(text + (*text == '+' || *text == '-'), 0, "a number of lines or bytes");
}

int main(int count, char **arguments) {
  int option;
  if (count > 1 && *arguments[1] == '-' && isdigit((unsigned char)arguments[1][1])) { // tail -5
    set_wanted(arguments[1]);
    optind = 2;
  }
  while ((option = getopt(count, arguments, "c:fn:")) != -1) {
    if (option == '?')
      usage("tail [-f] [-n [+]LINES] [-c [+]BYTES] [FILE...]");
    if (option == 'f') {
      follows = true;
    } else {
      counts_bytes = option == 'c';
      set_wanted(optarg);
    }
  }
  has_headers = count - optind > 1;
  finish(for_each_input(arguments + optind, print));
}
