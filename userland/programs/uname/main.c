// Prints what system this is.

#include "usage.h"
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

int main(int count, char **arguments) {
  static const char letters[] = "snrvm";
  unsigned wanted = 0;
  int option;
  while ((option = getopt(count, arguments, "asnrvm")) != -1) {
    if (option == '?')
      usage("uname [-asnrvm]");
    wanted |= option == 'a' ? 31u : 1u << (strchr(letters, option) - letters);
  }
  struct utsname name;
  if (uname(&name) != 0)
    err(1, "uname");
  const char *const parts[] = {name.sysname, name.nodename, name.release, name.version, name.machine};
  bool is_first = true;
  for (int i = 0; i < 5; i++) {
    if (((wanted == 0 ? 1u : wanted) >> i & 1) == 0)
      continue;
    printf("%s%s", is_first ? "" : " ", parts[i]);
    is_first = false;
  }
  putchar('\n');
  finish(0);
}
