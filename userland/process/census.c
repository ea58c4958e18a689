#include "census.h"
#include "lib/kernel.h"
#include "process.h"
#include <stdlib.h>

#define IDS 65536
// A picture is good for so long, and for so many times what taking it has cost.
#define LIFETIME_MILLISECONDS 20
#define LIFETIME_COSTS        20

static struct process_info *infos;
static struct thread_info *threads;
static size_t info_count, info_capacity, thread_count, thread_capacity;
static uint32_t info_of[IDS], thread_of[IDS]; // by POSIX ids: index + 1
static uint64_t taken, cost;                  // when, and how long it took

static bool grow(void **array, size_t *capacity, size_t count, size_t size) {
  if (count < *capacity)
    return true;
  size_t wanted = *capacity * 2 + 64;
  void *grown = realloc(*array, wanted * size);
  if (grown == NULL)
    return false;
  *array = grown;
  *capacity = wanted;
  return true;
}

static void take_census(void) {
  taken = clock_now();
  for (size_t i = 0; i < info_count; i++)
    if (infos[i].tag - CENSUS_TAG(0) < IDS)
      info_of[infos[i].tag - CENSUS_TAG(0)] = 0;
  for (size_t i = 0; i < thread_count; i++)
    if ((uint32_t)threads[i].tag < IDS)
      thread_of[(uint32_t)threads[i].tag] = 0;
  info_count = thread_count = 0;
  while (grow((void **)&infos, &info_capacity, info_count, sizeof *infos) &&
         kernel_inspect(HANDLE_MACHINE, INSPECT_PROCESS, info_count, &infos[info_count], sizeof *infos) > 0) {
    if (infos[info_count].tag - CENSUS_TAG(0) < IDS)
      info_of[infos[info_count].tag - CENSUS_TAG(0)] = (uint32_t)info_count + 1;
    info_count++;
  }
  while (grow((void **)&threads, &thread_capacity, thread_count, sizeof *threads) &&
         kernel_inspect(HANDLE_MACHINE, INSPECT_THREAD, thread_count, &threads[thread_count],
                        sizeof *threads) > 0) {
    const struct task *task = task_by_tag(threads[thread_count].tag);
    if (task != NULL)
      thread_of[task->id] = (uint32_t)thread_count + 1;
    thread_count++;
  }
  cost = clock_now() - taken;
}

void census_refresh(void) {
  uint64_t age = clock_now() - taken;
  if (taken == 0 ||
      (age >= nanoseconds_to_ticks(LIFETIME_MILLISECONDS * 1000000ul) && age >= LIFETIME_COSTS * cost))
    take_census();
}

const struct process_info *census_process(const struct process *process) {
  if (process->started >= taken && clock_now() - taken >= 2 * cost)
    take_census();
  uint32_t index = info_of[process->id];
  return index > 0 && index <= info_count ? &infos[index - 1] : NULL;
}

const struct thread_info *census_thread(const struct task *task) {
  uint32_t index = thread_of[task->id];
  return index > 0 && index <= thread_count && threads[index - 1].tag == task->tag ? &threads[index - 1]
                                                                                   : NULL;
}

const struct process_info *census_by_kernel_id(uint64_t id) {
  for (size_t i = 0; i < info_count; i++)
    if (infos[i].id == id)
      return &infos[i];
  return NULL;
}

const struct thread_info *census_thread_by_id(uint64_t id) {
  for (size_t i = 0; i < thread_count; i++)
    if (threads[i].id == id)
      return &threads[i];
  return NULL;
}

const struct process_info *census_processes(size_t *count) {
  *count = info_count;
  return infos;
}

const struct thread_info *census_threads(size_t *count) {
  *count = thread_count;
  return threads;
}

struct system_info census_system(void) {
  struct system_info info = {0};
  kernel_inspect(HANDLE_MACHINE, INSPECT_SYSTEM, 0, &info, sizeof info);
  return info;
}

uint64_t process_running_ticks(const struct process *process) {
  census_refresh();
  const struct process_info *info = census_process(process);
  return info != NULL ? info->ticks : 0;
}
