// Prints the kernel's messages.

#include "usage.h"
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/klog.h>

enum { READ_ALL = 3, SIZE = 10 }; // syslog(2)

int main(void) {
  int size = klogctl(SIZE, NULL, 0);
  char *messages = size < 0 ? NULL : malloc((size_t)size + 1);
  int length = messages == NULL ? -1 : klogctl(READ_ALL, messages, size);
  if (length < 0)
    err(1, "kernel messages");
  bool is_at_start = true;
  for (int i = 0; i < length; i++) {
    if (is_at_start && messages[i] == '<') { // "<6>": how important it is
      while (i < length && messages[i] != '>')
        i++;
      is_at_start = false;
      continue;
    }
    putchar(messages[i]);
    is_at_start = messages[i] == '\n';
  }
  finish(0);
}
