#include "task_table.h"
#include "quantity.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct task_table task_table_for(const struct tasks *tasks) {
  struct task_table table = {.columns = 80};
  for (size_t i = 0; i < tasks->count; i++) {
    table.has_ipc = table.has_ipc || tasks->start[i].ipc >= 0;
    table.has_waiting = table.has_waiting || tasks->start[i].waiting[0] != 0;
  }
  return table;
}

// 1234 as it is, 1234567 as 1235k: at most 5 characters.
static const char *short_number(uint64_t number) {
  static char texts[2][16];
  static int last;
  char *text = texts[++last % 2];
  const char *unit = " kMGTPE";
  double value = (double)number;
  for (; value >= 9999.5 && unit[1] != 0; unit++)
    value /= 1000;
  if (*unit == ' ')
    snprintf(text, sizeof texts[0], "%ju", (uintmax_t)number);
  else
    snprintf(text, sizeof texts[0], "%.0f%c", value, *unit);
  return text;
}

static const char *time_text(uint64_t ticks) {
  static char text[16];
  uint64_t seconds = ticks / TICKS_PER_SECOND;
  if (seconds < 6000)
    snprintf(text, sizeof text, "%ju:%02ju.%02ju", (uintmax_t)seconds / 60, (uintmax_t)seconds % 60,
             (uintmax_t)ticks % TICKS_PER_SECOND);
  else
    snprintf(text, sizeof text, "%juh%02jum", (uintmax_t)seconds / 3600, (uintmax_t)seconds / 60 % 60);
  return text;
}

static void print_cut(const struct task_table *table, const char *line) {
  printf("%.*s\n", table->columns, line);
}

void print_task_header(const struct task_table *table) {
  char line[256];
  snprintf(line, sizeof line, "%5s %5s S  H PRI %s%7s %5s %5s %s%sCOMMAND", "PID",
           table->shows_threads ? "TID" : "PPID", table->shows_threads ? "" : "THR ",
           table->shows_share ? "%HART" : "TIME", "RSS", "FAULT", table->has_ipc ? "  IPC " : "",
           table->has_waiting ? "WAITING FOR      " : "");
  print_cut(table, line);
}

void print_task(const struct task_table *table, const struct task *task, double share) {
  char line[256], threads[16] = "", ipc[16] = "", waiting[24] = "", used[16], hart[16] = "-";
  if (!table->shows_threads)
    snprintf(threads, sizeof threads, "%3d ", task->threads);
  if (table->has_ipc)
    snprintf(ipc, sizeof ipc, "%5s ", task->ipc < 0 ? "-" : short_number((uint64_t)task->ipc));
  if (table->has_waiting)
    snprintf(waiting, sizeof waiting, "%-16.16s ", task->waiting);
  if (task->hart >= 0)
    snprintf(hart, sizeof hart, "%d", task->hart);
  if (table->shows_share)
    snprintf(used, sizeof used, "%.1f", share);
  else
    snprintf(used, sizeof used, "%s", time_text(task->ticks));
  // Linux's real-time priorities go to -100, which is as good as any other negative number.
  int priority = task->priority < -99 ? -99 : task->priority;
  snprintf(line, sizeof line, "%5d %5d %c %2s %3d %s%7s %5s %5s %s%s%s%s", task->pid,
           table->shows_threads ? task->thread : task->parent, task->state, hart, priority, threads, used,
           format_size(task->resident), short_number(task->faults), ipc, waiting, task->name,
           task->deadlock[0] != 0 ? " !" : "");
  print_cut(table, line);
}

void print_deadlocks(const struct tasks *tasks) {
  for (size_t i = 0; i < tasks->count; i++) {
    const char *cycle = tasks->start[i].deadlock;
    bool is_new = cycle[0] != 0;
    for (size_t k = 0; k < i; k++)
      is_new = is_new && strcmp(tasks->start[k].deadlock, cycle) != 0;
    if (is_new)
      printf("! deadlock: %s\n", cycle);
  }
}
