// Lists processes, or with -T threads.

#include "proc.h"
#include "task_table.h"
#include "usage.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int count, char **arguments) {
  bool threads = false, is_wide = false;
  pid_t only = 0;
  // "ps aux" is typed as often as "ps -ef": all processes are listed anyway.
  if (count > 1 && *arguments[1] != '-' && strspn(arguments[1], "auxwe") == strlen(arguments[1]))
    optind = 2;
  int option;
  while ((option = getopt(count, arguments, "AaefLlp:Twx")) != -1) {
    if (option == '?')
      usage("ps [-Tw] [-p PID]");
    threads = threads || option == 'T' || option == 'L';
    is_wide = is_wide || option == 'w';
    if (option == 'p')
      only = atoi(optarg);
  }
  if (optind < count)
    usage("ps [-Tw] [-p PID]");
  struct tasks tasks = read_tasks(threads);
  struct task_table table = task_table_for(&tasks);
  table.shows_threads = threads;
  if (is_wide)
    table.columns = 1000;
  print_task_header(&table);
  bool is_found = only == 0;
  for (size_t i = 0; i < tasks.count; i++) {
    if (only != 0 && tasks.start[i].pid != only)
      continue;
    print_task(&table, &tasks.start[i], 0);
    is_found = true;
  }
  print_deadlocks(&tasks);
  free_tasks(&tasks);
  finish(is_found ? 0 : 1);
}
