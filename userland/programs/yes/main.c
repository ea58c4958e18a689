// Prints a line again and again.

#include "usage.h"
#include <stdio.h>

int main(int count, char **arguments) {
  do {
    if (count < 2)
      fputs("y", stdout);
    for (int i = 1; i < count; i++)
      printf("%s%s", i > 1 ? " " : "", arguments[i]);
  } while (putchar('\n') != EOF);
  finish(1);
}
