#include "send_signal.h"
#include "signal_names.h"
#include "usage.h"
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int list(int count, char **arguments) {
  if (count == 0)
    print_signal_names();
  for (int i = 0; i < count; i++) {
    int number = atoi(arguments[i]);
    puts(signal_name(number > 128 ? number - 128 : number)); // also of a status that $? had
  }
  return 0;
}

int send_signal(int count, char **arguments) {
  int first = 1, number = SIGTERM;
  if (count > 1 && strcmp(arguments[1], "-l") == 0)
    return list(count - 2, arguments + 2);
  if (count > 2 && arguments[1][0] == '-' && strcmp(arguments[1], "--") != 0) {
    bool is_apart = strcmp(arguments[1], "-s") == 0 || strcmp(arguments[1], "-n") == 0;
    const char *name = is_apart ? arguments[2] : arguments[1] + 1;
    number = signal_number(name);
    if (number < 0) {
      complain_as("kill", "there is no signal %s", name);
      return 1;
    }
    first = 2 + is_apart;
  }
  if (first < count && strcmp(arguments[first], "--") == 0)
    first++;
  if (first >= count) {
    complain_as("kill", "usage: kill [-SIGNAL] PID...");
    return 2;
  }
  int status = 0;
  for (int i = first; i < count; i++) {
    char *end;
    long pid = strtol(arguments[i], &end, 10);
    if (end == arguments[i] || *end != 0) {
      complain_as("kill", "%s is not the number of a process", arguments[i]);
      status = 1;
    } else if (kill((pid_t)pid, number) != 0) {
      complain_as("kill", "%s: %s", arguments[i], strerror(errno));
      status = 1;
    }
  }
  return status;
}
