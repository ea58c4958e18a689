#include "quantity.h"
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int64_t parse_quantity(const char *text, int64_t least, const char *meaning) {
  char *end;
  errno = 0;
  int64_t value = strtoll(text, &end, 10);
  int shift = *end == 'k' || *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
  if (shift != 0)
    end++;
  if (end == text || *end != 0 || errno != 0 || value < least || value > INT64_MAX >> shift)
    errx(2, "%s is not %s", text, meaning);
  return value << shift;
}

const char *format_size(uint64_t bytes) {
  static char texts[8][16];
  static int last;
  char *text = texts[++last % 8];
  const char *unit = "BKMGTPE";
  double size = (double)bytes;
  while (size >= 1000 && unit[1] != 0) {
    size /= 1024;
    unit++;
  }
  if (*unit == 'B')
    snprintf(text, sizeof texts[0], "%d", (int)bytes);
  else
    snprintf(text, sizeof texts[0], size < 9.95 ? "%.1f%c" : "%.0f%c", size, *unit);
  return text;
}
