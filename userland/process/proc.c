// /proc: processes and threads as Linux shows them, and with lines of our own about messages, faults and
// waiting. The microkernel's other processes, the servers, are there too, under ids from NATIVE_PROCESS_IDS
// on.
#include "calls.h"
#include "census.h"
#include "files.h"
#include "futex.h"
#include "process.h"
#include "protocol/process.h"
#include "space.h"
#include "synthetic.h"
#include "text.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#define USER_HZ 100

typedef void text_writer(struct task *task, const struct node *node, struct text *text);

static uint64_t jiffies(uint64_t ticks) { return ticks / (clock_frequency() / USER_HZ); }

// System-wide files.

static void write_meminfo(struct task *task, const struct node *node, struct text *text) {
  struct system_info info = census_system();
  (void)task;
  (void)node;
  text_add(text, "MemTotal:       %8lu kB\n", info.total_bytes / 1024);
  text_add(text, "MemFree:        %8lu kB\n", info.free_bytes / 1024);
  text_add(text, "MemAvailable:   %8lu kB\n", info.free_bytes / 1024);
  text_add(text, "Buffers:               0 kB\nCached:                0 kB\n");
  uint64_t resident, swap = 0, used = 0;
  backing_statistics(&resident, &swap, &used);
  text_add(text, "SwapTotal:      %8lu kB\nSwapFree:       %8lu kB\n", swap * 4, (swap - used) * 4);
}

static uint64_t idle_ticks(const struct system_info *info, uint64_t *harts) {
  uint64_t idle = 0;
  *harts = info->harts <= 8 ? info->harts : 8;
  for (uint64_t hart = 0; hart < *harts; hart++)
    idle += info->idle_ticks[hart];
  return idle;
}

static void write_uptime(struct task *task, const struct node *node, struct text *text) {
  struct system_info info = census_system();
  uint64_t harts, up = jiffies(clock_now()), idle = jiffies(idle_ticks(&info, &harts));
  (void)task;
  (void)node;
  text_add(text, "%lu.%02lu %lu.%02lu\n", up / 100, up % 100, idle / 100, idle % 100);
}

static void write_stat(struct task *task, const struct node *node, struct text *text) {
  struct system_info info = census_system();
  uint64_t harts, now = clock_now(), idle = idle_ticks(&info, &harts), all = now * harts;
  (void)task;
  (void)node;
  text_add(text, "cpu  %lu 0 0 %lu 0 0 0 0 0 0\n", jiffies(all > idle ? all - idle : 0), jiffies(idle));
  for (uint64_t hart = 0; hart < harts; hart++) {
    uint64_t rest = info.idle_ticks[hart] < now ? info.idle_ticks[hart] : now;
    text_add(text, "cpu%lu %lu 0 0 %lu 0 0 0 0 0 0\n", hart, jiffies(now - rest), jiffies(rest));
  }
  text_add(text, "ctxt %lu\nbtime %lu\nprocesses %u\n", info.switches, clock_realtime_base() / 1000000000,
           process_count);
  text_add(text, "shootdowns %lu\npage_faults %lu\n", info.shootdowns, info.page_faults);
}

static void write_loadavg(struct task *task, const struct node *node, struct text *text) {
  size_t count;
  unsigned running = 0;
  (void)task;
  (void)node;
  census_refresh();
  const struct thread_info *threads = census_threads(&count);
  for (size_t i = 0; i < count; i++)
    running += threads[i].runs != 0;
  text_add(text, "0.00 0.00 0.00 %u/%zu 1\n", running, count);
}

static void write_version(struct task *task, const struct node *node, struct text *text) {
  (void)task;
  (void)node;
  text_add(text, "Trapframe version 1.0\n");
}

static void write_filesystems(struct task *task, const struct node *node, struct text *text) {
  (void)task;
  (void)node;
  text_add(text, "nodev\tproc\nnodev\tdevtmpfs\n\ttrapframe\n");
}

static void write_cpuinfo(struct task *task, const struct node *node, struct text *text) {
  struct system_info info = census_system();
  (void)task;
  (void)node;
  for (uint64_t hart = 0; hart < info.harts; hart++)
    text_add(text, "processor\t: %lu\nhart\t\t: %lu\nisa\t\t: rv64imafdc\nmmu\t\t: sv39\n\n", hart, hart);
}

static void write_mounts(struct task *task, const struct node *node, struct text *text) {
  char *bytes = malloc(FILES_CHUNK);
  (void)task;
  (void)node;
  int64_t count = bytes != NULL ? files_mounts(bytes, FILES_CHUNK) : 0;
  if (count > 0)
    text_add_bytes(text, bytes, (size_t)count);
  free(bytes);
  text_add(text, "proc /proc proc rw 0 0\ndev /dev devtmpfs rw 0 0\n");
}

// States and waiting.

static const char *wait_name(uint32_t reason) {
  static const char *const names[] = {
      [WAIT_NOT] = "nothing",
      [WAIT_SEND] = "a receiver",
      [WAIT_RECEIVE] = "a message",
      [WAIT_REPLY] = "an answer",
      [WAIT_FAULT] = "a fault handler or pager",
      [WAIT_NOTIFICATION] = "a notification",
      [WAIT_FUTEX] = "a futex",
      [WAIT_SLEEP] = "a time",
      [WAIT_END] = "an end",
  };
  return reason < sizeof names / sizeof names[0] && names[reason] != NULL ? names[reason] : "?";
}

static char thread_letter(const struct thread_info *info) {
  if (info == NULL)
    return 'S';
  if (info->suspended)
    return 'T';
  return info->runs ? 'R' : info->waiting == WAIT_FAULT ? 'D' : 'S';
}

static char task_letter(const struct task *task) {
  if (task->stopped)
    return 'T';
  if (task->state != TASK_RUNS)
    return task->state == TASK_WAITS ? 'S' : 'R';
  return thread_letter(census_thread(task));
}

static char process_letter(const struct process *process) {
  if (process->state == PROCESS_ZOMBIE)
    return 'Z';
  char letter = 'S';
  for (const struct task *task = process->tasks; task != NULL; task = task->next) {
    char of_task = task_letter(task);
    if (of_task != 'S')
      letter = of_task;
    if (of_task == 'R')
      break;
  }
  return letter;
}

static const char *state_name(char letter) {
  switch (letter) {
  case 'R':
    return "running";
  case 'D':
    return "disk sleep";
  case 'T':
    return "stopped";
  case 'Z':
    return "zombie";
  default:
    return "sleeping";
  }
}

// What a thread is waiting for: threads of processes by the futex's owner, others as the kernel knows it.
struct waiting {
  const struct task *task;
  const struct thread_info *info;
};

static struct waiting next_waiting(struct waiting waiting) {
  if (waiting.task != NULL && waiting.task->futex != NULL) {
    const struct task *owner = futex_owner(waiting.task);
    return (struct waiting){owner, owner != NULL ? census_thread(owner) : NULL};
  }
  if (waiting.info == NULL || waiting.info->waits_for == 0)
    return (struct waiting){NULL, NULL};
  const struct thread_info *next = census_thread_by_id(waiting.info->waits_for);
  return (struct waiting){next != NULL ? task_by_tag(next->tag) : NULL, next};
}

static bool is_same(struct waiting a, struct waiting b) {
  return a.task != NULL ? a.task == b.task : a.info != NULL && a.info == b.info;
}

static bool is_nobody(struct waiting waiting) { return waiting.task == NULL && waiting.info == NULL; }

static void add_name(struct text *text, struct waiting waiting) {
  if (waiting.task != NULL) {
    text_add(text, "%d (%s)", waiting.task->id, waiting.task->name);
    return;
  }
  const struct process_info *process = census_by_kernel_id(waiting.info->process_id);
  text_add(text, "%lu (%.31s)", NATIVE_PROCESS_IDS + waiting.info->process_id,
           process != NULL ? process->name : "?");
}

#define FIRST_REAL_TIME 32 // and those that musl uses itself

// Whether nobody is left to wake any thread of the process; a signal handler could.
static bool is_deadlocked(const struct process *process) {
  for (unsigned signal = 1; signal < FIRST_REAL_TIME; signal++)
    if (process->actions[signal].handler > (uint64_t)SIG_IGN)
      return false;
  for (const struct task *task = process->tasks; task != NULL; task = task->next)
    if (!futex_awaits_sibling(task))
      return false;
  return process->tasks != NULL;
}

#define LONGEST_CYCLE 64

static void add_waiting(struct text *text, struct waiting waiting) {
  if (waiting.task != NULL && waiting.task->state == TASK_WAITS)
    text_add(text, "Waiting:\tin %s", call_entry(waiting.task->call.number)->name);
  else if (waiting.task == NULL || waiting.task->state == TASK_RUNS)
    text_add(text, "Waiting:\tfor %s", wait_name(waiting.info != NULL ? waiting.info->waiting : WAIT_NOT));
  else
    return;
  struct waiting next = next_waiting(waiting);
  if (!is_nobody(next)) {
    text_add(text, ", for ");
    add_name(text, next);
  }
  text_add(text, "\n");
  struct waiting at = next;
  for (unsigned length = 0; length < LONGEST_CYCLE && !is_nobody(at); length++, at = next_waiting(at)) {
    if (!is_same(at, waiting))
      continue;
    text_add(text, "Deadlock:\t");
    add_name(text, waiting);
    for (at = next; !is_same(at, waiting); at = next_waiting(at)) {
      text_add(text, " -> ");
      add_name(text, at);
    }
    text_add(text, " -> ");
    add_name(text, waiting);
    text_add(text, "\n");
    return;
  }
  // Plain locks do not say who holds them.
  if (waiting.task != NULL && is_deadlocked(waiting.task->process))
    text_add(text, "Deadlock:\tall threads of %d (%s)\n", waiting.task->process->id, waiting.task->name);
}

static void add_counts(struct text *text, uint64_t calls, uint64_t received, uint64_t faults) {
  text_add(text, "IpcCalls:\t%lu\nIpcReceived:\t%lu\nFaults:\t%lu\n", calls, received, faults);
}

// Files of a process. With node->number, of that thread.

static const char *process_name(const struct process *process) {
  const struct task *first = process->tasks;
  while (first != NULL && first->next != NULL && first->id != process->id)
    first = first->next;
  if (first != NULL)
    return first->name;
  const char *slash = process->executable != NULL ? strrchr(process->executable, '/') : NULL;
  return slash != NULL ? slash + 1 : process->executable != NULL ? process->executable : "?";
}

static const struct task *main_task(const struct process *process) {
  const struct task *main = task_by_id(process->id);
  return main != NULL ? main : process->tasks;
}

static uint64_t resident_pages(const struct process *process) {
  const struct process_info *info = census_process(process);
  return info != NULL && process->state != PROCESS_ZOMBIE ? info->pages : 0;
}

// The numbers of Linux's /proc/PID/stat, in order; 0 for what does not exist here.
static void add_stat(struct text *text, uint64_t id, const char *name, char state, int parent, int group,
                     int session, bool has_terminal, uint64_t faults, uint64_t ticks, uint64_t child_ticks,
                     int priority, int nice, uint64_t thread_count, uint64_t started, uint64_t bytes,
                     uint64_t pages, uint32_t hart) {
  text_add(text, "%lu (%.31s) %c %d %d %d %u %d 0 %lu 0 0 0 %lu 0 %lu 0 ", id, name, state, parent, group,
           session, has_terminal ? (unsigned)makedev(5, 1) : 0, has_terminal ? terminal_foreground() : -1,
           faults, jiffies(ticks), jiffies(child_ticks));
  text_add(text, "%d %d %lu 0 %lu %lu %lu 18446744073709551615 ", priority, nice, thread_count,
           jiffies(started), bytes, pages);
  text_add(text, "0 0 0 0 0 0 0 0 0 0 0 0 17 %u 0 0 0 0 0 0 0 0 0 0 0 0 0\n", hart);
}

static void write_process_stat(struct task *caller, const struct node *node, struct text *text) {
  const struct process *process = node->process;
  const struct task *task = node->number != 0 ? task_by_id((pid_t)node->number) : main_task(process);
  const struct process_info *info = census_process(process);
  const struct thread_info *thread = task != NULL ? census_thread(task) : NULL;
  uint64_t ticks = node->number != 0 ? (thread != NULL ? thread->ticks : 0)
                                     : process->ticks + (info != NULL ? info->ticks : 0);
  (void)caller;
  add_stat(text, node->number != 0 ? node->number : (uint64_t)process->id,
           node->number != 0 && task != NULL ? task->name : process_name(process),
           node->number != 0 && task != NULL ? task_letter(task) : process_letter(process),
           process->parent != NULL ? process->parent->id : 0, process->group, process->session,
           process->session == terminal_session(), info != NULL ? info->faults : 0, ticks,
           process->child_ticks, 20 + (task != NULL ? (int)task->nice_value : 0),
           task != NULL ? (int)task->nice_value : 0, process->task_count, process->started,
           process->space != NULL ? space_pages(process->space) * PAGE : 0, resident_pages(process),
           thread != NULL ? thread->hart : 0);
}

static void write_process_status(struct task *caller, const struct node *node, struct text *text) {
  const struct process *process = node->process;
  const struct task *task = node->number != 0 ? task_by_id((pid_t)node->number) : main_task(process);
  const struct process_info *info = census_process(process);
  const struct thread_info *thread = task != NULL ? census_thread(task) : NULL;
  char letter = node->number != 0 && task != NULL ? task_letter(task) : process_letter(process);
  (void)caller;
  text_add(text, "Name:\t%s\nUmask:\t%04o\nState:\t%c (%s)\n",
           node->number != 0 && task != NULL ? task->name : process_name(process), process->umask, letter,
           state_name(letter));
  text_add(text, "Tgid:\t%d\nPid:\t%lu\nPPid:\t%d\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n", process->id,
           node->number != 0 ? node->number : (uint64_t)process->id,
           process->parent != NULL ? process->parent->id : 0);
  if (process->space != NULL)
    text_add(text, "VmSize:\t%8lu kB\nVmRSS:\t%8lu kB\n", space_pages(process->space) * 4,
             resident_pages(process) * 4);
  text_add(text, "Threads:\t%u\n", process->task_count);
  if (task != NULL)
    text_add(text, "SigPnd:\t%016lx\nShdPnd:\t%016lx\nSigBlk:\t%016lx\n", task->pending.set,
             process->pending.set, task->mask);
  if (node->number != 0 && thread != NULL)
    add_counts(text, thread->calls, thread->received, thread->faults);
  else if (info != NULL)
    add_counts(text, info->calls, info->received, info->faults);
  if (thread != NULL)
    text_add(text, "Hart:\t%u\nPriority:\t%u\n", thread->hart, thread->effective_priority);
  // Whichever thread has something to tell, if it is about the process.
  for (const struct task *one = node->number != 0 ? task : process->tasks; one != NULL; one = one->next) {
    add_waiting(text, (struct waiting){one, census_thread(one)});
    if (node->number != 0)
      break;
  }
}

static void write_command_line(struct task *task, const struct node *node, struct text *text) {
  (void)task;
  if (node->process->state != PROCESS_ZOMBIE && node->process->command_line != NULL)
    text_add_bytes(text, node->process->command_line, node->process->command_line_bytes);
}

static void write_name(struct task *task, const struct node *node, struct text *text) {
  const struct task *thread = task_by_id((pid_t)node->number);
  (void)task;
  text_add(text, "%s\n", thread != NULL ? thread->name : process_name(node->process));
}

static void write_maps(struct task *task, const struct node *node, struct text *text) {
  const struct space *space = node->process->space;
  (void)task;
  for (uint32_t i = 0; space != NULL && i < space->area_count; i++) {
    const struct area *area = &space->areas[i];
    text_add(text, "%08lx-%08lx %c%c%c%c 00000000 00:00 0", area->start, area->end,
             (area->protection & PROT_READ) != 0 ? 'r' : '-',
             (area->protection & PROT_WRITE) != 0 ? 'w' : '-',
             (area->protection & PROT_EXEC) != 0 ? 'x' : '-', area->shared ? 's' : 'p');
    text_add(text, area->name != NULL ? "                  %s\n" : "\n", area->name);
  }
}

static void write_statm(struct task *task, const struct node *node, struct text *text) {
  const struct process *process = node->process;
  (void)task;
  text_add(text, "%lu %lu 0 0 0 0 0\n", process->space != NULL ? space_pages(process->space) : 0,
           resident_pages(process));
}

// Servers.

static uint32_t native_thread(uint64_t process_id, uint32_t index, const struct thread_info **found) {
  size_t count;
  uint32_t seen = 0;
  const struct thread_info *threads = census_threads(&count);
  *found = NULL;
  for (size_t i = 0; i < count; i++) {
    if (threads[i].process_id != process_id)
      continue;
    if (seen++ == index)
      *found = &threads[i];
  }
  return seen;
}

static char native_letter(uint64_t process_id) {
  const struct thread_info *thread;
  char letter = 'S';
  for (uint32_t i = 0; native_thread(process_id, i, &thread) > i; i++)
    if (thread_letter(thread) != 'S')
      letter = thread_letter(thread);
  return letter;
}

static void write_native_stat(struct task *task, const struct node *node, struct text *text) {
  const struct process_info *info = census_by_kernel_id(node->native);
  const struct thread_info *thread;
  (void)task;
  native_thread(node->native, 0, &thread);
  if (info != NULL)
    add_stat(text, NATIVE_PROCESS_IDS + info->id, info->name, native_letter(info->id), 0, 0, 0, false,
             info->faults, info->ticks, 0, 20, 0, info->threads, 0, info->pages * PAGE, info->pages,
             thread != NULL ? thread->hart : 0);
}

static void write_native_status(struct task *task, const struct node *node, struct text *text) {
  const struct process_info *info = census_by_kernel_id(node->native);
  const struct thread_info *thread;
  (void)task;
  if (info == NULL)
    return;
  char letter = native_letter(info->id);
  text_add(text, "Name:\t%.31s\nState:\t%c (%s)\nTgid:\t%lu\nPid:\t%lu\nPPid:\t0\n", info->name, letter,
           state_name(letter), NATIVE_PROCESS_IDS + info->id, NATIVE_PROCESS_IDS + info->id);
  text_add(text, "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nVmSize:\t%8lu kB\nVmRSS:\t%8lu kB\nThreads:\t%u\n",
           info->pages * 4, info->pages * 4, info->threads);
  add_counts(text, info->calls, info->received, info->faults);
  for (uint32_t i = 0; native_thread(info->id, i, &thread) > i; i++) {
    if (i == 0)
      text_add(text, "Hart:\t%u\nPriority:\t%u\n", thread->hart, thread->effective_priority);
    add_waiting(text, (struct waiting){NULL, thread});
  }
}

static void write_native_name(struct task *task, const struct node *node, struct text *text) {
  const struct process_info *info = census_by_kernel_id(node->native);
  (void)task;
  if (info != NULL)
    text_add(text, "%.31s\n", info->name);
}

static void write_nothing(struct task *task, const struct node *node, struct text *text) {
  (void)task;
  (void)node;
  (void)text;
}

// Links.

static int64_t read_self(struct task *task, const struct node *node, char *to, size_t bytes) {
  char text[16];
  (void)node;
  snprintf(text, sizeof text, "%d", task->process->id);
  return link_text(text, to, bytes);
}

static int64_t read_mounts_link(struct task *task, const struct node *node, char *to, size_t bytes) {
  (void)task;
  (void)node;
  return link_text("/proc/self/mounts", to, bytes);
}

static int64_t read_executable(struct task *task, const struct node *node, char *to, size_t bytes) {
  (void)task;
  return node->process->executable != NULL ? link_text(node->process->executable, to, bytes) : -ENOENT;
}

static int64_t read_directory(struct task *task, const struct node *node, char *to, size_t bytes) {
  (void)task;
  return link_text(node->process->directory, to, bytes);
}

static int64_t read_root(struct task *task, const struct node *node, char *to, size_t bytes) {
  (void)task;
  (void)node;
  return link_text("/", to, bytes);
}

static int64_t read_descriptor(struct task *task, const struct node *node, char *to, size_t bytes) {
  char text[64];
  struct stat stat;
  const struct file *file = node->linked;
  (void)task;
  if (file->path != NULL)
    return link_text(file->path, to, bytes);
  if (file->operations->stat(node->linked, &stat) < 0)
    return -ENOENT;
  snprintf(text, sizeof text, "%s:[%lu]", S_ISSOCK(stat.st_mode) ? "socket" : "pipe", stat.st_ino);
  return link_text(text, to, bytes);
}

// Directories.

struct entry {
  const char *name;
  text_writer *write;
  int64_t (*read_link)(struct task *task, const struct node *node, char *to, size_t bytes);
  void (*list)(struct task *task, const struct node *node, struct listing *listing);
};

static void list_descriptors(struct task *task, const struct node *node, struct listing *listing);
static void list_threads(struct task *task, const struct node *node, struct listing *listing);

static const struct entry root_entries[] = {
    {.name = "cpuinfo", .write = write_cpuinfo},
    {.name = "filesystems", .write = write_filesystems},
    {.name = "loadavg", .write = write_loadavg},
    {.name = "meminfo", .write = write_meminfo},
    {.name = "mounts", .read_link = read_mounts_link},
    {.name = "self", .read_link = read_self},
    {.name = "stat", .write = write_stat},
    {.name = "uptime", .write = write_uptime},
    {.name = "version", .write = write_version},
};

static const struct entry process_entries[] = {
    {.name = "cmdline", .write = write_command_line},  {.name = "comm", .write = write_name},
    {.name = "cwd", .read_link = read_directory},      {.name = "exe", .read_link = read_executable},
    {.name = "fd", .list = list_descriptors},          {.name = "maps", .write = write_maps},
    {.name = "mounts", .write = write_mounts},         {.name = "root", .read_link = read_root},
    {.name = "stat", .write = write_process_stat},     {.name = "statm", .write = write_statm},
    {.name = "status", .write = write_process_status}, {.name = "task", .list = list_threads},
};

static const struct entry thread_entries[] = {
    {.name = "comm", .write = write_name},
    {.name = "stat", .write = write_process_stat},
    {.name = "status", .write = write_process_status},
};

static const struct entry native_entries[] = {
    {.name = "cmdline", .write = write_nothing},
    {.name = "comm", .write = write_native_name},
    {.name = "stat", .write = write_native_stat},
    {.name = "status", .write = write_native_status},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void list_dots(struct listing *listing) {
  listing_add(listing, ".", DT_DIR);
  listing_add(listing, "..", DT_DIR);
}

static void list_entries(struct listing *listing, const struct entry *entries, size_t count) {
  list_dots(listing);
  for (size_t i = 0; i < count; i++)
    listing_add(listing, entries[i].name,
                entries[i].write != NULL       ? DT_REG
                : entries[i].read_link != NULL ? DT_LNK
                                               : DT_DIR);
}

static void list_number(struct listing *listing, uint64_t number, uint8_t type) {
  char name[24];
  snprintf(name, sizeof name, "%lu", number);
  listing_add(listing, name, type);
}

static bool is_native(const struct process_info *info) { return info->tag - CENSUS_TAG(0) >= 65536; }

static void list_root(struct task *task, const struct node *node, struct listing *listing) {
  size_t count;
  (void)task;
  (void)node;
  list_entries(listing, root_entries, COUNT(root_entries));
  for (struct process *process = process_at_or_after(1); process != NULL;
       process = process_at_or_after(process->id + 1))
    list_number(listing, (uint64_t)process->id, DT_DIR);
  census_refresh();
  const struct process_info *infos = census_processes(&count);
  for (size_t i = 0; i < count; i++)
    if (is_native(&infos[i]))
      list_number(listing, NATIVE_PROCESS_IDS + infos[i].id, DT_DIR);
}

static void list_process(struct task *task, const struct node *node, struct listing *listing) {
  (void)task;
  if (node->native != 0)
    list_entries(listing, native_entries, COUNT(native_entries));
  else if (node->number != 0)
    list_entries(listing, thread_entries, COUNT(thread_entries));
  else
    list_entries(listing, process_entries, COUNT(process_entries));
}

static void list_descriptors(struct task *task, const struct node *node, struct listing *listing) {
  const struct descriptors *descriptors = node->process->descriptors;
  (void)task;
  list_dots(listing);
  for (uint32_t i = 0; descriptors != NULL && i < descriptors->size; i++)
    if (descriptors->files[i] != NULL)
      list_number(listing, i, DT_LNK);
}

static void list_threads(struct task *task, const struct node *node, struct listing *listing) {
  (void)task;
  list_dots(listing);
  for (const struct task *thread = node->process->tasks; thread != NULL; thread = thread->next)
    list_number(listing, (uint64_t)thread->id, DT_DIR);
}

// Finding.

static int64_t open_text(struct task *task, const struct node *node, uint32_t flags, struct file **file) {
  struct text text = {0};
  const struct entry *entry = node->entry;
  if ((flags & O_ACCMODE) != O_RDONLY)
    return -EACCES;
  census_refresh();
  entry->write(task, node, &text);
  return text_open(&text, flags, node->path, file);
}

static int64_t open_listing(struct task *task, const struct node *node, uint32_t flags, struct file **file) {
  struct listing listing = {0};
  const struct entry *entry = node->entry;
  (void)flags;
  entry->list(task, node, &listing);
  return listing_open(&listing, node->path, file);
}

static const struct entry root_directory = {.name = "", .list = list_root};
static const struct entry process_directory = {.name = "", .list = list_process};

static void set_entry(struct node *node, const struct entry *entry) {
  node->entry = entry;
  if (entry->write != NULL) {
    node->mode = S_IFREG | 0444;
    node->open = open_text;
  } else if (entry->read_link != NULL) {
    node->mode = S_IFLNK | 0777;
    node->read_link = entry->read_link;
  } else {
    node->mode = S_IFDIR | 0555;
    node->open = open_listing;
  }
}

static int64_t find_entry(struct node *node, const struct entry *entries, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(entries[i].name, name) == 0) {
      set_entry(node, &entries[i]);
      node->inode += i + 1;
      return 0;
    }
  }
  return -ENOENT;
}

// A number that a component of a path is, and moves behind it. False if it is none.
static bool take_number(const char **path, uint64_t *number) {
  if (!isdigit((unsigned char)**path))
    return false;
  char *end;
  *number = strtoul(*path, &end, 10);
  if (*end != 0 && *end != '/')
    return false;
  *path = *end == '/' ? end + 1 : end;
  return true;
}

static int64_t find_descriptor(struct node *node, const char *rest) {
  uint64_t number;
  const struct descriptors *descriptors = node->process->descriptors;
  if (!take_number(&rest, &number) || *rest != 0 || descriptors == NULL || number >= descriptors->size ||
      descriptors->files[number] == NULL)
    return -ENOENT;
  node->linked = descriptors->files[number];
  node->mode = S_IFLNK | 0700;
  node->read_link = read_descriptor;
  node->inode += 1000 + number;
  return 0;
}

static int64_t find_of_process(struct node *node, const char *rest) {
  node->inode = (uint64_t)node->process->id << 20;
  if (*rest == 0) {
    set_entry(node, &process_directory);
    return 0;
  }
  if (strncmp(rest, "fd/", 3) == 0)
    return find_descriptor(node, rest + 3);
  if (strncmp(rest, "task/", 5) != 0)
    return find_entry(node, process_entries, COUNT(process_entries), rest);
  rest += 5;
  if (!take_number(&rest, &node->number))
    return -ENOENT;
  const struct task *thread = task_by_id((pid_t)node->number);
  if (thread == NULL || thread->process != node->process)
    return -ENOENT;
  node->inode = (node->number << 20) + 500;
  if (*rest == 0) {
    set_entry(node, &process_directory);
    return 0;
  }
  return find_entry(node, thread_entries, COUNT(thread_entries), rest);
}

int64_t proc_find(struct task *task, const char *rest, struct node *node) {
  uint64_t number;
  node->inode = 1;
  if (*rest == 0) {
    set_entry(node, &root_directory);
    return 0;
  }
  rest++;
  if (strncmp(rest, "self/", 5) == 0) {
    node->process = task->process;
    return find_of_process(node, rest + 5);
  }
  if (!take_number(&rest, &number))
    return find_entry(node, root_entries, COUNT(root_entries), rest);
  if (number < NATIVE_PROCESS_IDS) {
    node->process = process_by_id((pid_t)number);
    return node->process == NULL ? -ENOENT : find_of_process(node, rest);
  }
  census_refresh();
  const struct process_info *info = census_by_kernel_id(number - NATIVE_PROCESS_IDS);
  if (info == NULL || !is_native(info))
    return -ENOENT;
  node->native = info->id;
  node->inode = number << 20;
  if (*rest == 0) {
    set_entry(node, &process_directory);
    return 0;
  }
  return find_entry(node, native_entries, COUNT(native_entries), rest);
}
