#pragma once
// What the system tells of itself in /proc.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define TICKS_PER_SECOND 100 // of all times in /proc, whatever the real clock (proc(5), USER_HZ)

// A process or a thread. Lines of our own system that Linux does not have are -1 or empty there.
struct task {
  pid_t pid, thread, parent;
  char name[32];
  char state; // R running, S sleeping, D waiting for a device, T stopped, Z ended
  int priority, threads, hart;
  uint64_t ticks; // of processor time, in user and kernel mode
  uint64_t resident, virtual_bytes;
  uint64_t faults;
  int64_t ipc; // calls made and messages received
  char waiting[48];
  char deadlock[128]; // the processes in the cycle, if it is in one
};

struct tasks {
  struct task *start;
  size_t count, room;
};

// All processes, or all threads of all processes, by number. Ends the program, after a message, without
// /proc.
struct tasks read_tasks(bool threads);
void free_tasks(struct tasks *tasks);

struct memory {
  uint64_t total, unused, available, buffers, cached, shared, swap, swap_unused; // bytes
};

struct memory read_memory(void);

struct load {
  double seconds_up;
  double averages[3]; // over 1, 5 and 15 minutes; all negative when the system does not count them
  uint64_t busy_ticks, idle_ticks;
  int harts;
};

struct load read_load(void);

// "up 1 day, 2:03" and the load, in a line.
void print_uptime(const struct load *load);
