// Shows, again and again, which processes use the harts. Keys: q ends it, t shows threads, a blank looks
// again.

#include "proc.h"
#include "quantity.h"
#include "task_table.h"
#include "usage.h"
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios before;
static bool is_raw;

static void restore_terminal(void) {
  if (is_raw)
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

static void end(int number) {
  restore_terminal();
  signal(number, SIG_DFL);
  raise(number);
}

static void take_keys(void) {
  if (tcgetattr(STDIN_FILENO, &before) != 0)
    return;
  struct termios raw = before;
  raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
  is_raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
  signal(SIGINT, end);
  signal(SIGTERM, end);
}

static const struct task *find(const struct tasks *tasks, const struct task *task) {
  for (size_t i = 0; i < tasks->count; i++) {
    if (tasks->start[i].pid == task->pid && tasks->start[i].thread == task->thread)
      return &tasks->start[i];
  }
  return NULL;
}

static int by_ticks(const void *left, const void *right) {
  const struct task *a = left, *b = right;
  return a->ticks != b->ticks ? (a->ticks < b->ticks) - (a->ticks > b->ticks) : a->pid - b->pid;
}

// Leaves in `now` the ticks since `past`, those that used most first.
static void subtract(struct tasks *now, const struct tasks *past) {
  for (size_t i = 0; i < now->count; i++) {
    struct task *task = &now->start[i];
    const struct task *old = find(past, task);
    task->ticks -= old != NULL && old->ticks <= task->ticks ? old->ticks : 0;
  }
  if (now->count > 0)
    qsort(now->start, now->count, sizeof *now->start, by_ticks);
}

static void print_summary(const struct tasks *tasks, const struct load *load, uint64_t busy, uint64_t idle) {
  struct memory memory = read_memory();
  size_t running = 0, stopped = 0;
  for (size_t i = 0; i < tasks->count; i++) {
    running += tasks->start[i].state == 'R';
    stopped += tasks->start[i].state == 'T';
  }
  print_uptime(load);
  double share = busy + idle == 0 ? 0 : 100.0 * (double)busy / (double)(busy + idle);
  printf("%zu tasks, %zu running, %zu stopped; harts %.1f%% busy\n", tasks->count, running, stopped, share);
  printf("memory %s, %s free, %s available; swap %s, %s free\n", format_size(memory.total),
         format_size(memory.unused), format_size(memory.available), format_size(memory.swap),
         format_size(memory.swap_unused));
}

static void show(struct tasks *tasks, const struct tasks *past, bool threads, uint64_t elapsed_busy,
                 uint64_t elapsed_idle, const struct load *load, int rows) {
  struct task_table table = task_table_for(tasks);
  table.shows_threads = threads;
  table.shows_share = true;
  print_summary(tasks, load, elapsed_busy, elapsed_idle);
  subtract(tasks, past);
  print_task_header(&table);
  uint64_t elapsed = elapsed_busy + elapsed_idle;
  double per_hart = load->harts > 0 ? (double)elapsed / load->harts : (double)elapsed;
  for (size_t i = 0; i < tasks->count && (int)i < rows - 5; i++)
    print_task(&table, &tasks->start[i], per_hart > 0 ? 100.0 * (double)tasks->start[i].ticks / per_hart : 0);
  print_deadlocks(tasks);
  fflush(stdout);
}

// Waits; the key that was pressed meanwhile, or 0.
static int wait_for_key(double seconds) {
  struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
  char key = 0;
  if (!is_raw)
    return usleep((useconds_t)(seconds * 1e6)), 0;
  if (poll(&input, 1, (int)(seconds * 1000)) > 0 && read(STDIN_FILENO, &key, 1) != 1)
    return 'q';
  return key;
}

int main(int count, char **arguments) {
  double seconds = 2;
  int64_t rounds = INT64_MAX;
  bool is_batch = !isatty(STDOUT_FILENO), threads = false;
  int option;
  while ((option = getopt(count, arguments, "bd:Hn:T")) != -1) {
    if (option == 'b')
      is_batch = true;
    else if (option == 'd' && (seconds = atof(optarg)) > 0)
      continue;
    else if (option == 'n')
      rounds = parse_quantity(optarg, 1, "a number of rounds");
    else if (option == 'T' || option == 'H')
      threads = true;
    else
      usage("top [-bT] [-d SECONDS] [-n ROUNDS]");
  }
  struct winsize size;
  bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 8;
  int rows = is_batch ? 1000000 : is_known ? size.ws_row : 24;
  if (!is_batch)
    take_keys();
  struct tasks past = {0};
  struct load old = {0};
  for (int key = 0; rounds > 0 && key != 'q'; rounds--) {
    struct load now = read_load();
    struct tasks tasks = read_tasks(threads), kept = read_tasks(threads);
    if (!is_batch)
      fputs("\033[H\033[2J", stdout);
    show(&tasks, &past, threads, now.busy_ticks - old.busy_ticks, now.idle_ticks - old.idle_ticks, &now,
         rows);
    free_tasks(&tasks);
    free_tasks(&past);
    past = kept;
    old = now;
    if (rounds > 1)
      key = wait_for_key(seconds);
    if (key == 't')
      threads = !threads;
  }
  restore_terminal();
  finish(0);
}
