// Calls on the machine: its devices, its power, and what can be seen of the system.

#include "archive.h"
#include "call.h"
#include "channel.h"
#include "fault.h"
#include "fdt.h"
#include "hart.h"
#include "interrupt.h"
#include "pmem.h"
#include "power.h"
#include "process.h"
#include "sbi.h"
#include "sched.h"
#include "string.h"
#include "timer.h"
#include "tlb.h"

#define PRINTED_AT_ONCE 256
#define MOST_BYTES      4096 // of an inspection

static bool may(struct thread *thread, uint32_t right) {
  return call_object(thread, thread->trapframe.a0, OBJECT_MACHINE, right) != NULL;
}

int64_t call_print(struct thread *thread) {
  const struct trapframe *frame = &thread->trapframe;
  char bytes[PRINTED_AT_ONCE];
  if (!may(thread, RIGHT_SEND))
    return -EBADF;
  uint64_t count = frame->a2 < sizeof bytes ? frame->a2 : sizeof bytes;
  int64_t error = call_copy_in(thread, bytes, frame->a1, count);
  if (error != 0)
    return error;
  for (uint64_t i = 0; i < count; i++)
    sbi_console_write(bytes[i]);
  return (int64_t)count;
}

int64_t call_open_interrupt(struct thread *thread) {
  struct interrupt *interrupt;
  if (!may(thread, RIGHT_CONTROL))
    return -EBADF;
  int64_t error = interrupt_open(thread->process->quota, thread->trapframe.a1, &interrupt);
  return error < 0 ? error : call_publish(thread, interrupt, RIGHT_CONTROL | RIGHT_GRANT);
}

static bool overlaps(uint64_t start, uint64_t bytes, struct fdt_range range) {
  return start < range.address + range.bytes && range.address < start + bytes;
}

// RAM is the kernel's to give, the interrupt controllers are its own.
static bool is_device(uint64_t start, uint64_t bytes) {
  struct fdt_range ram;
  if (start % PAGE_SIZE != 0 || bytes == 0 || start + bytes < start || start + bytes > 1ul << 56)
    return false;
  for (unsigned i = 0; pmem_ram(i, &ram); i++) {
    if (overlaps(start, bytes, ram))
      return false;
  }
  static const char *const reserved[] = {"sifive,plic-1.0.0", "riscv,plic0",       "sifive,clint0",
                                         "riscv,clint0",      "riscv,aclint-mswi", "riscv,aclint-mtimer"};
  for (unsigned i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
    struct fdt_range range;
    for (fdt_node node = fdt_find_compatible(0, reserved[i]); node != FDT_NONE;
         node = fdt_find_compatible(node, reserved[i])) {
      for (unsigned index = 0; fdt_reg(node, index, &range); index++) {
        if (overlaps(start, bytes, range))
          return false;
      }
    }
  }
  return true;
}

int64_t call_open_device(struct thread *thread) {
  const struct trapframe *frame = &thread->trapframe;
  struct memory *memory;
  if (!may(thread, RIGHT_CONTROL))
    return -EBADF;
  if (!is_device(frame->a1, frame->a2))
    return -EINVAL;
  int64_t error = memory_create_device(thread->process->quota, frame->a1, frame->a2, &memory);
  return error < 0 ? error
                   : call_publish(thread, memory, RIGHT_READ | RIGHT_WRITE | RIGHT_CONTROL | RIGHT_GRANT);
}

int64_t call_power(struct thread *thread) {
  const struct trapframe *frame = &thread->trapframe;
  if (!may(thread, RIGHT_CONTROL))
    return -EBADF;
  if (frame->a1 > POWER_REBOOT || frame->a2 > UINT16_MAX)
    return -EINVAL;
  if (frame->a1 == POWER_REBOOT)
    power_reboot();
  power_off((uint16_t)frame->a2);
}

static void describe_system(struct system_info *info) {
  struct fdt_range initrd = archive_range();
  *info = (struct system_info){
      .total_bytes = pmem_total_bytes(),
      .free_bytes = pmem_free_bytes(),
      .harts = hart_count,
      .timebase = timer_from_microseconds(1000000),
      .processes = object_count(OBJECT_PROCESS),
      .threads = object_count(OBJECT_THREAD),
      .capabilities = capability_count(),
      .endpoints = object_count(OBJECT_ENDPOINT),
      .notifications = object_count(OBJECT_NOTIFICATION),
      .ports = object_count(OBJECT_PORT),
      .memories = object_count(OBJECT_MEMORY),
      .timers = object_count(OBJECT_TIMER),
      .switches = sched_switches(),
      .shootdowns = tlb_shootdowns(),
      .page_faults = fault_count(),
      .initrd_address = initrd.address,
      .initrd_bytes = initrd.bytes,
  };
  for (unsigned i = 0; i < hart_count; i++)
    info->idle_ticks[i] = harts[i].idle_ticks;
}

static void describe_process(const struct process *process, struct process_info *info) {
  *info = (struct process_info){
      .id = process->id,
      .tag = process->tag,
      .pages = process->space.resident,
      .quota_used = process->quota->used,
      .quota_limit = process->quota->limit,
      .ticks = process->ticks,
      .calls = process->calls_made,
      .received = process->received,
      .faults = process->fault_count,
      .threads = process->thread_count,
      .capabilities = process->table.count,
  };
  for (const struct thread *thread = process->first_thread; thread != NULL;
       thread = thread->next_of_process) {
    info->ticks += thread->ticks;
    info->calls += thread->calls_made;
    info->received += thread->received;
    info->faults += thread->faults;
  }
  memcpy(info->name, process->name, NAME_BYTES);
}

static void describe_thread(const struct thread *thread, struct thread_info *info) {
  const struct thread *waits_for = thread->state == THREAD_WAITING ? channel_waits_for(thread) : NULL;
  *info = (struct thread_info){
      .id = thread->id,
      .process_id = thread->process->id,
      .tag = thread->tag,
      .ticks = thread->ticks,
      .calls = thread->calls_made,
      .received = thread->received,
      .faults = thread->faults,
      .hart = thread->trapframe.hart->index,
      .priority = thread->priority,
      .effective_priority = thread->effective_priority,
      .runs = thread->state == THREAD_READY || thread->state == THREAD_RUNNING,
      .suspended = thread->suspended != 0,
      .waiting = thread->waiting,
      .waits_for = waits_for == NULL ? 0 : waits_for->id,
      .pc = thread->trapframe.pc,
  };
}

static const struct process *process_at(uint64_t index) {
  const struct process *process = first_process;
  for (; process != NULL && index > 0; index--)
    process = process->next;
  return process;
}

static const struct thread *thread_at(uint64_t index) {
  for (const struct process *process = first_process; process != NULL; process = process->next) {
    if (index >= process->thread_count) {
      index -= process->thread_count;
      continue;
    }
    const struct thread *thread = process->first_thread;
    for (; index > 0; index--)
      thread = thread->next_of_process;
    return thread;
  }
  return NULL;
}

static int64_t inspect_tree(struct thread *thread) {
  const struct trapframe *frame = &thread->trapframe;
  struct fdt_range blob = fdt_blob();
  if (frame->a2 >= blob.bytes)
    return -ENOENT;
  uint64_t bytes = blob.bytes - frame->a2;
  bytes = frame->a4 < bytes ? frame->a4 : bytes;
  bytes = bytes < MOST_BYTES ? bytes : MOST_BYTES;
  const char *from = physical_to_kernel(blob.address + frame->a2);
  int64_t error = call_copy_out(thread, frame->a3, from, bytes);
  return error != 0 ? error : (int64_t)bytes;
}

int64_t call_inspect(struct thread *thread) {
  const struct trapframe *frame = &thread->trapframe;
  if (!may(thread, RIGHT_READ))
    return -EBADF;
  union {
    struct system_info system;
    struct process_info process;
    struct thread_info thread;
  } info;
  uint64_t bytes;
  switch (frame->a1) {
  case INSPECT_SYSTEM:
    describe_system(&info.system);
    bytes = sizeof info.system;
    break;
  case INSPECT_PROCESS: {
    const struct process *process = process_at(frame->a2);
    if (process == NULL)
      return -ENOENT;
    describe_process(process, &info.process);
    bytes = sizeof info.process;
    break;
  }
  case INSPECT_THREAD: {
    const struct thread *found = thread_at(frame->a2);
    if (found == NULL)
      return -ENOENT;
    describe_thread(found, &info.thread);
    bytes = sizeof info.thread;
    break;
  }
  case INSPECT_TREE:
    return inspect_tree(thread);
  default:
    return -EINVAL;
  }
  bytes = frame->a4 < bytes ? frame->a4 : bytes;
  int64_t error = call_copy_out(thread, frame->a3, &info, bytes);
  return error != 0 ? error : (int64_t)bytes;
}
