// Prints the numbers from one to another.

#include "usage.h"
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double parse(const char *text) {
  char *end;
  double value = strtod(text, &end);
  if (end == text || *end != 0)
    errx(2, "%s is not a number", text);
  return value;
}

// Digits behind the point, as many as were typed.
static int precision(const char *text) {
  const char *point = strchr(text, '.');
  return point == NULL ? 0 : (int)strlen(point + 1);
}

int main(int count, char **arguments) {
  const char *separator = "\n";
  int first = 1;
  if (count > 2 && strcmp(arguments[1], "-s") == 0) {
    separator = arguments[2];
    first = 3;
  }
  int numbers = count - first;
  if (numbers < 1 || numbers > 3)
    usage("seq [-s SEPARATOR] [FIRST [STEP]] LAST");
  const char *from = numbers > 1 ? arguments[first] : "1", *step = numbers > 2 ? arguments[first + 1] : "1";
  double start = parse(from), increment = parse(step), last = parse(arguments[count - 1]);
  int digits = precision(from) > precision(step) ? precision(from) : precision(step);
  if (increment == 0)
    errx(2, "a step of 0 leads nowhere");
  // Multiplied anew for each, so that errors do not add up; a little more than the last may be one.
  double slack = increment / 1e9;
  long printed = 0;
  for (;; printed++) {
    double value = start + increment * (double)printed;
    if (increment > 0 ? value > last + slack : value < last + slack)
      break;
    if (printf("%s%.*f", printed > 0 ? separator : "", digits, value) < 0)
      finish(1);
  }
  if (printed > 0)
    putchar('\n');
  finish(0);
}
