#pragma once
// The table of tasks that ps and top print: at most 80 columns wide, unless told to go on.

#include "proc.h"
#include <stdbool.h>

struct task_table {
  bool shows_threads;
  bool shows_share; // of a hart's time, in percent, instead of the time
  bool has_ipc;     // some task has IPC counts
  bool has_waiting; // some task says on what it waits
  int columns;      // where lines are cut
};

struct task_table task_table_for(const struct tasks *tasks);
void print_task_header(const struct task_table *table);
void print_task(const struct task_table *table, const struct task *task, double share);
// A line for every cycle of processes that wait for each other.
void print_deadlocks(const struct tasks *tasks);
