// The system calls about the machine, users, and scheduling.
#include "backing.h"
#include "calls.h"
#include "census.h"
#include "files.h"
#include "lib/kernel.h"
#include "process.h"
#include "server.h"
#include "user.h"
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#define LOWEST_NICE  19
#define HIGHEST_NICE (-20)

HANDLER(sys_uname) {
  struct utsname names = {.sysname = "Trapframe",
                          .nodename = "trapframe",
                          .release = "6.1.0",
                          .version = "#1 SMP",
                          .machine = "riscv64",
                          .domainname = "(none)"};
  (void)task;
  return copy_out(task, arguments[0], &names, sizeof names);
}

HANDLER(sys_sysinfo) {
  struct system_info system = census_system();
  uint64_t resident, swap, used;
  backing_statistics(&resident, &swap, &used);
  struct sysinfo info = {
      .uptime = clock_now() / clock_frequency(),
      .totalram = system.total_bytes,
      .freeram = system.free_bytes,
      .totalswap = swap * PAGE_BYTES,
      .freeswap = (swap - used) * PAGE_BYTES,
      .procs = (unsigned short)process_count,
      .mem_unit = 1,
  };
  return copy_out(task, arguments[0], &info, offsetof(struct sysinfo, __reserved));
}

// Everybody is root.

HANDLER(sys_getuid) {
  (void)task;
  (void)arguments;
  return 0;
}

HANDLER(sys_getresuid) {
  uint32_t root = 0;
  for (unsigned i = 0; i < 3; i++)
    if (copy_out(task, arguments[i], &root, sizeof root) < 0)
      return -EFAULT;
  return 0;
}

// Becoming another user is remembered nowhere, so only root can be become.
HANDLER(sys_setuid) {
  (void)task;
  return (uint32_t)arguments[0] == 0 || (uint32_t)arguments[0] == ~0u ? 0 : -EPERM;
}

HANDLER(sys_getgroups) {
  (void)task;
  (void)arguments;
  return 0;
}

HANDLER(sys_setgroups) {
  (void)task;
  return arguments[0] == 0 ? 0 : -EPERM;
}

// Scheduling.

HANDLER(sys_sched_yield) {
  (void)task;
  (void)arguments;
  kernel_yield();
  return 0;
}

static struct task *target(struct task *task, uint64_t id) {
  if (id == 0)
    return task;
  struct task *found = task_by_id((pid_t)id);
  struct process *process = process_by_id((pid_t)id);
  return found != NULL ? found : process != NULL ? process->tasks : NULL;
}

HANDLER(sys_sched_setaffinity) {
  struct task *changed = target(task, arguments[0]);
  uint64_t mask = 0;
  if (changed == NULL)
    return -ESRCH;
  if (copy_in(task, &mask, arguments[2], arguments[1] < sizeof mask ? arguments[1] : sizeof mask) < 0)
    return -EFAULT;
  mask &= (1ul << census_system().harts) - 1;
  if (mask == 0)
    return -EINVAL;
  int64_t error = kernel_schedule_thread((handle_t)changed->handle, UNCHANGED, mask);
  if (error == 0)
    changed->affinity = mask;
  return error;
}

HANDLER(sys_sched_getaffinity) {
  const struct task *shown = target(task, arguments[0]);
  if (shown == NULL)
    return -ESRCH;
  uint64_t mask = shown->affinity & ((1ul << census_system().harts) - 1);
  if (arguments[1] < sizeof mask)
    return -EINVAL;
  int64_t error = copy_out(task, arguments[2], &mask, sizeof mask);
  return error < 0 ? error : (int64_t)sizeof mask;
}

static int64_t set_nice(struct task *task, int64_t nice) {
  nice = nice < HIGHEST_NICE ? HIGHEST_NICE : nice > LOWEST_NICE ? LOWEST_NICE : nice;
  task->nice_value = (int32_t)nice;
  process_schedule(task->process);
  return 0;
}

// Calls `set_nice`, or without `set` finds the highest priority, of the processes that `which` and `who`
// mean.
static int64_t each_of(struct task *task, uint64_t which, uint64_t who, bool set, int64_t nice) {
  int64_t result = -ESRCH;
  pid_t id = (pid_t)who;
  if (id == 0 && which == PRIO_PROCESS)
    id = task->process->id;
  if (id == 0 && which == PRIO_PGRP)
    id = task->process->group;
  if (which > PRIO_USER)
    return -EINVAL;
  for (struct process *process = processes; process != NULL; process = process->next) {
    bool meant = which == PRIO_PROCESS ? process->id == id : which == PRIO_PGRP ? process->group == id : true;
    for (struct task *one = meant ? process->tasks : NULL; one != NULL; one = one->next) {
      if (set)
        result = set_nice(one, nice);
      else if (20 - one->nice_value > result)
        result = 20 - one->nice_value; // as the kernel tells it: 1 to 40
    }
  }
  return result;
}

HANDLER(sys_setpriority) { return each_of(task, arguments[0], arguments[1], true, (int32_t)arguments[2]); }
HANDLER(sys_getpriority) { return each_of(task, arguments[0], arguments[1], false, 0); }

HANDLER(sys_sched_getscheduler) { return target(task, arguments[0]) == NULL ? -ESRCH : SCHED_OTHER; }

HANDLER(sys_sched_setscheduler) {
  if (target(task, arguments[0]) == NULL)
    return -ESRCH;
  return arguments[1] == SCHED_OTHER ? 0 : -EPERM;
}

HANDLER(sys_sched_getparam) {
  int priority = 0;
  return target(task, arguments[0]) == NULL ? -ESRCH
                                            : copy_out(task, arguments[1], &priority, sizeof priority);
}

HANDLER(sys_sched_get_priority_max) {
  (void)task;
  return arguments[0] == SCHED_OTHER ? 0 : -EINVAL;
}

// Small ones.

HANDLER(sys_prctl) {
  char name[sizeof task->name];
  switch (arguments[0]) {
  case PR_SET_NAME: {
    int64_t bytes = copy_string_in(task, name, arguments[1], sizeof name);
    if (bytes == -ENAMETOOLONG)
      name[sizeof name - 1] = 0;
    else if (bytes < 0)
      return bytes;
    memcpy(task->name, name, sizeof name);
    return 0;
  }
  case PR_GET_NAME:
    return copy_out(task, arguments[1], task->name, sizeof task->name);
  case PR_SET_DUMPABLE:
  case PR_SET_PDEATHSIG:
  case PR_SET_NO_NEW_PRIVS:
    return 0;
  case PR_GET_DUMPABLE:
    return 1;
  default:
    return -EINVAL;
  }
}

HANDLER(sys_set_robust_list) {
  (void)task;
  return arguments[1] == 24 ? 0 : -EINVAL;
}

// The server's lock has ordered everything before this; a thread on another hart that runs meanwhile enters
// and leaves the kernel no later than its next call.
HANDLER(sys_membarrier) {
  (void)task;
  return arguments[0] == 0 ? 0 : -EINVAL;
}

HANDLER(sys_reboot) {
  (void)task;
  if ((uint32_t)arguments[0] != 0xfee1dead)
    return -EINVAL;
  switch ((uint32_t)arguments[2]) {
  case (uint32_t)RB_POWER_OFF:
  case (uint32_t)RB_HALT_SYSTEM:
    files_request(FILES_SYNCHRONIZE, FILES_EVERYTHING, 0, 0, 0, NULL);
    server_power(false, (int)arguments[3]);
    return 0;
  case (uint32_t)RB_AUTOBOOT:
    files_request(FILES_SYNCHRONIZE, FILES_EVERYTHING, 0, 0, 0, NULL);
    server_power(true, 0);
    return 0;
  case (uint32_t)RB_DISABLE_CAD:
  case (uint32_t)RB_ENABLE_CAD:
    return 0;
  default:
    return -EINVAL;
  }
}
