// The first process: a shell. It starts the archive's programs, lists and ends processes, and switches the
// machine off. The system ends when it does.

#include "line.h"
#include "print.h"
#include "program.h"
#include "string.h"
#include "system.h"

#define MAX_WORDS     16
#define MAX_PROCESSES 64

typedef void command_function(size_t count, const char *const words[]);

struct command {
  const char *name, *usage, *summary;
  size_t least_words, most_words; // with the command's own name
  command_function *run;
};

static void print_end(int64_t id, const struct exit_report *report) {
  switch (report->reason) {
  case EXIT_CALLED:
    print("[%ld] exited with status %ld\n", id, report->code);
    break;
  case EXIT_KILLED:
    print("[%ld] was killed\n", id);
    break;
  case EXIT_FAULTED:
    print("[%ld] ended by exception %ld\n", id, report->code);
    break;
  }
}

static void report_ended_children(void) {
  struct exit_report report;
  int64_t id;
  while ((id = wait_if_ended(ANY_CHILD, &report)) > 0)
    print_end(id, &report);
}

static void print_programs(void) {
  char name[NAME_BYTES];
  for (uint64_t i = 0; program_name(i, name) > 0; i++)
    print(" %s", name);
  print("\n");
}

static bool parse_process(const char *word, uint64_t *id) {
  bool is_number = parse_number(word, INT32_MAX, id);
  if (!is_number)
    print("%s: not a process id; ps lists them\n", word);
  return is_number;
}

static void run_ps(size_t count, const char *const words[]) {
  (void)count, (void)words;
  static const char *const states[] = {
      [PROCESS_READY] = "ready",
      [PROCESS_RUNNING] = "running",
      [PROCESS_BLOCKED] = "blocked",
      [PROCESS_ENDED] = "ended",
  };
  static struct process_info processes[MAX_PROCESSES];
  int64_t listed = list_processes(processes, MAX_PROCESSES);
  print("%5s %6s  %-8s %9s %6s  %s\n", "PID", "PARENT", "STATE", "CPU MS", "PAGES", "NAME");
  for (int64_t i = 0; i < listed; i++) {
    const struct process_info *info = &processes[i];
    print("%5d %6d  %-8s %9lu %6u  %s\n", info->process_id, info->parent_id, states[info->state],
          info->processor_microseconds / 1000, info->pages, info->name);
  }
}

static void run_wait(size_t count, const char *const words[]) {
  uint64_t id = 0;
  if (count == 2 && !parse_process(words[1], &id))
    return;
  struct exit_report report;
  int64_t ended = wait(count == 2 ? (int64_t)id : ANY_CHILD, &report);
  if (ended > 0)
    print_end(ended, &report);
  else if (count == 2)
    print("wait: %lu is no child of mine\n", id);
  else
    print("wait: nothing is running\n");
}

static void run_kill(size_t count, const char *const words[]) {
  (void)count;
  uint64_t id;
  if (!parse_process(words[1], &id))
    return;
  if ((int64_t)id == process_id()) {
    print("kill: that is me; poweroff ends the system\n");
    return;
  }
  int64_t error = kill((int64_t)id);
  if (error < 0)
    print("kill: %lu: %s\n", id, error_text(error));
}

static void run_echo(size_t count, const char *const words[]) {
  for (size_t i = 1; i < count; i++)
    print(i == 1 ? "%s" : " %s", words[i]);
  print("\n");
}

static void run_uptime(size_t count, const char *const words[]) {
  (void)count, (void)words;
  uint64_t microseconds = uptime_microseconds();
  print("up %lu.%03lu s\n", microseconds / 1000000, microseconds / 1000 % 1000);
}

static void run_free(size_t count, const char *const words[]) {
  (void)count, (void)words;
  struct memory_info info;
  memory(&info);
  print("%lu KiB of memory, %lu KiB free\n", info.total_bytes / 1024, info.free_bytes / 1024);
}

static void run_poweroff(size_t count, const char *const words[]) {
  uint64_t status = 0;
  if (count == 2 && !parse_number(words[1], UINT8_MAX, &status)) {
    print("poweroff: %s: the status is a number from 0 to 255\n", words[1]);
    return;
  }
  power_off((int)status);
}

static void run_reboot(size_t count, const char *const words[]) {
  (void)count, (void)words;
  reboot();
}

static void run_help(size_t count, const char *const words[]);

static const struct command commands[] = {
    {"help", "help", "what can be typed here", 1, 1, run_help},
    {"ps", "ps", "list processes", 1, 1, run_ps},
    {"wait", "wait [PID]", "wait for a background program", 1, 2, run_wait},
    {"kill", "kill PID", "end a process", 2, 2, run_kill},
    {"echo", "echo [WORD...]", "print words", 1, MAX_WORDS, run_echo},
    {"uptime", "uptime", "time since the kernel started", 1, 1, run_uptime},
    {"free", "free", "how much memory there is", 1, 1, run_free},
    {"poweroff", "poweroff [STATUS]", "switch the machine off; it reports the status", 1, 2, run_poweroff},
    {"reboot", "reboot", "start the machine anew", 1, 1, run_reboot},
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void run_help(size_t count, const char *const words[]) {
  (void)count, (void)words;
  for (size_t i = 0; i < COMMAND_COUNT; i++)
    print("  %-20s %s\n", commands[i].usage, commands[i].summary);
  print("  %-20s %s\n", "PROGRAM [WORD...]", "start a program and wait for it; Ctrl-C ends it");
  print("  %-20s %s\n", "PROGRAM [WORD...] &", "start it in the background");
  print("Programs:");
  print_programs();
}

static void run_program(size_t count, const char *words[]) {
  bool background = strcmp(words[count - 1], "&") == 0;
  if (background)
    words[--count] = NULL;
  if (count == 0) {
    print("&: start what in the background?\n");
    return;
  }
  int64_t id = spawn(words);
  if (id == ERROR_NOT_FOUND)
    print("%s: no such command or program; help lists them\n", words[0]);
  else if (id < 0)
    print("%s: %s\n", words[0], error_text(id));
  if (id < 0)
    return;
  if (background) {
    print("[%ld] %s\n", id, words[0]);
    return;
  }
  console_focus(id);
  struct exit_report report;
  wait(id, &report);
  if (report.reason != EXIT_CALLED || report.code != 0)
    print_end(id, &report);
}

// Splits a line at its spaces, in place. A `&` at the end is a word even without a space before it.
static size_t split(char *line, const char *words[MAX_WORDS + 2]) {
  static const char ampersand[] = "&";
  size_t length = strlen(line), count = 0;
  while (length > 0 && line[length - 1] == ' ')
    length--;
  bool background = length > 0 && line[length - 1] == '&';
  line[background ? length - 1 : length] = 0;
  for (char *at = line; *at != 0 && count < MAX_WORDS;) {
    while (*at == ' ')
      *at++ = 0;
    if (*at != 0)
      words[count++] = at;
    while (*at != 0 && *at != ' ')
      at++;
  }
  if (background)
    words[count++] = ampersand;
  words[count] = NULL;
  return count;
}

static void execute(char *line) {
  const char *words[MAX_WORDS + 2];
  size_t count = split(line, words);
  if (count == 0)
    return;
  for (size_t i = 0; i < COMMAND_COUNT; i++) {
    if (strcmp(words[0], commands[i].name) != 0)
      continue;
    if (count < commands[i].least_words || count > commands[i].most_words)
      print("usage: %s\n", commands[i].usage);
    else
      commands[i].run(count, words);
    return;
  }
  run_program(count, words);
}

int main(int count, const char *const arguments[]) {
  (void)count, (void)arguments;
  print("Welcome to Trapframe. Type help to see what you can do.\n");
  for (;;) {
    char line[LINE_BYTES];
    report_ended_children();
    read_line("trapframe> ", line);
    execute(line);
  }
}
