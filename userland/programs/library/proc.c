#include "proc.h"
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// The line of /proc/.../stat (proc(5)). The name may contain blanks and parentheses, so the last one ends it.
static bool read_stat(const char *path, struct task *task) {
  char line[1024];
  FILE *file = fopen(path, "re");
  bool is_read = file != NULL && fgets(line, sizeof line, file) != NULL;
  if (file != NULL)
    fclose(file);
  char *open = is_read ? strchr(line, '(') : NULL, *close = is_read ? strrchr(line, ')') : NULL;
  if (open == NULL || close == NULL)
    return false;
  snprintf(task->name, sizeof task->name, "%.*s", (int)(close - open - 1), open + 1);
  uint64_t minor, major, user, system, size;
  int64_t priority, threads, pages;
  int hart = -1;
  int found = sscanf(close + 1,
                     " %c %d %*d %*d %*d %*d %*u %" SCNu64 " %*u %" SCNu64 " %*u %" SCNu64 " %" SCNu64
                     " %*d %*d %" SCNd64 " %*d %" SCNd64 " %*d %*u %" SCNu64 " %" SCNd64
                     " %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*d %d",
                     &task->state, &task->parent, &minor, &major, &user, &system, &priority, &threads, &size,
                     &pages, &hart);
  if (found < 10)
    return false;
  task->priority = (int)priority;
  task->threads = (int)threads;
  task->hart = hart;
  task->ticks = user + system;
  task->virtual_bytes = size;
  task->resident = (uint64_t)pages * (uint64_t)getpagesize();
  task->faults = minor + major;
  return true;
}

static void copy_value(char *target, size_t room, const char *value) {
  snprintf(target, room, "%.*s", (int)strcspn(value, "\n"), value);
}

// The lines of /proc/.../status that only our own system has.
static void read_own_lines(const char *path, struct task *task) {
  FILE *file = fopen(path, "re");
  char line[256];
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    char *value = strchr(line, ':');
    if (value == NULL)
      continue;
    *value++ = 0;
    value += strspn(value, " \t");
    if (strcmp(line, "IpcCalls") == 0 || strcmp(line, "IpcReceived") == 0)
      task->ipc = (task->ipc < 0 ? 0 : task->ipc) + strtoll(value, NULL, 10);
    else if (strcmp(line, "Faults") == 0)
      task->faults = strtoull(value, NULL, 10);
    else if (strcmp(line, "Hart") == 0)
      task->hart = atoi(value);
    else if (strcmp(line, "Waiting") == 0)
      copy_value(task->waiting, sizeof task->waiting, value);
    else if (strcmp(line, "Deadlock") == 0)
      copy_value(task->deadlock, sizeof task->deadlock, value);
  }
  if (file != NULL)
    fclose(file);
}

// Adds the task whose files are in the folder, unless it has ended meanwhile.
static void add(struct tasks *tasks, const char *folder, pid_t pid, pid_t thread) {
  char path[96];
  struct task task = {.pid = pid, .thread = thread, .ipc = -1};
  snprintf(path, sizeof path, "%s/stat", folder);
  if (!read_stat(path, &task))
    return;
  snprintf(path, sizeof path, "%s/status", folder);
  read_own_lines(path, &task);
  if (tasks->count == tasks->room)
    tasks->start = realloc(tasks->start, (tasks->room = tasks->room * 2 + 64) * sizeof *tasks->start);
  if (tasks->start == NULL)
    err(1, "out of memory");
  tasks->start[tasks->count++] = task;
}

static void add_threads(struct tasks *tasks, pid_t pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR *folder = opendir(path);
  struct dirent *entry;
  while (folder != NULL && (entry = readdir(folder)) != NULL) {
    if (!isdigit((unsigned char)entry->d_name[0]))
      continue;
    snprintf(path, sizeof path, "/proc/%d/task/%d", pid, atoi(entry->d_name));
    add(tasks, path, pid, atoi(entry->d_name));
  }
  if (folder != NULL)
    closedir(folder);
}

static int by_number(const void *left, const void *right) {
  const struct task *a = left, *b = right;
  return a->pid != b->pid ? a->pid - b->pid : a->thread - b->thread;
}

struct tasks read_tasks(bool threads) {
  struct tasks tasks = {0};
  DIR *folder = opendir("/proc");
  if (folder == NULL)
    err(1, "/proc");
  struct dirent *entry;
  while ((entry = readdir(folder)) != NULL) {
    char path[64];
    pid_t pid = isdigit((unsigned char)entry->d_name[0]) ? atoi(entry->d_name) : 0;
    snprintf(path, sizeof path, "/proc/%d", pid);
    if (pid > 0 && threads)
      add_threads(&tasks, pid);
    else if (pid > 0)
      add(&tasks, path, pid, pid);
  }
  closedir(folder);
  if (tasks.count > 0)
    qsort(tasks.start, tasks.count, sizeof *tasks.start, by_number);
  return tasks;
}

void free_tasks(struct tasks *tasks) { free(tasks->start); }

static FILE *open_or_end(const char *path) {
  FILE *file = fopen(path, "re");
  if (file == NULL)
    err(1, "%s", path);
  return file;
}

struct memory read_memory(void) {
  struct memory memory = {0};
  const struct {
    const char *name;
    uint64_t *value;
  } lines[] = {{"MemTotal", &memory.total},         {"MemFree", &memory.unused},
               {"MemAvailable", &memory.available}, {"Buffers", &memory.buffers},
               {"Cached", &memory.cached},          {"Shmem", &memory.shared},
               {"SwapTotal", &memory.swap},         {"SwapFree", &memory.swap_unused}};
  FILE *file = open_or_end("/proc/meminfo");
  char name[64];
  uint64_t kibibytes;
  while (fscanf(file, "%63[^:]: %" SCNu64 "%*[^\n] ", name, &kibibytes) == 2) {
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
      if (strcmp(lines[i].name, name) == 0)
        *lines[i].value = kibibytes * 1024;
    }
  }
  fclose(file);
  return memory;
}

struct load read_load(void) {
  struct load load = {.averages = {-1, -1, -1}};
  FILE *file = open_or_end("/proc/uptime");
  if (fscanf(file, "%lf", &load.seconds_up) != 1)
    errx(1, "/proc/uptime holds no number");
  fclose(file);
  file = fopen("/proc/loadavg", "re");
  if (file != NULL) {
    if (fscanf(file, "%lf %lf %lf", &load.averages[0], &load.averages[1], &load.averages[2]) != 3)
      load.averages[0] = -1;
    fclose(file);
  }
  file = fopen("/proc/stat", "re");
  char line[512];
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    uint64_t user, nice, system, idle, waiting = 0, interrupt = 0, soft = 0;
    if (strncmp(line, "cpu", 3) != 0)
      continue;
    if (isdigit((unsigned char)line[3])) {
      load.harts++;
    } else if (sscanf(line,
                      "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
                      &user, &nice, &system, &idle, &waiting, &interrupt, &soft) >= 4) {
      load.busy_ticks = user + nice + system + interrupt + soft;
      load.idle_ticks = idle + waiting;
    }
  }
  if (file != NULL)
    fclose(file);
  return load;
}

void print_uptime(const struct load *load) {
  char now[16];
  time_t seconds = time(NULL);
  long minutes = (long)load->seconds_up / 60, days = minutes / 1440;
  strftime(now, sizeof now, "%H:%M:%S", localtime(&seconds));
  printf(" %s up ", now);
  if (days > 0)
    printf("%ld day%s, ", days, days == 1 ? "" : "s");
  if (minutes % 1440 < 60)
    printf("%ld min", minutes % 60);
  else
    printf("%ld:%02ld", minutes / 60 % 24, minutes % 60);
  if (load->harts > 0)
    printf(", %d hart%s", load->harts, load->harts == 1 ? "" : "s");
  if (load->averages[0] >= 0)
    printf(", load average: %.2f, %.2f, %.2f", load->averages[0], load->averages[1], load->averages[2]);
  putchar('\n');
}
