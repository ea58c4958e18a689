// What a process, a copy of a process, and a thread cost: from creating it until its end is known.

#include "lib/archive.h"
#include "lib/launch.h"
#include "lib/space.h"
#include "lib/thread.h"
#include "measure.h"
#include "partner.h"
#include "suites.h"
#include <errno.h>
#include <setjmp.h>
#include <stdbool.h>
#include <string.h>

#define HANDLE_INITRD 4u // what the kernel gives the first process

#define WARM_UP 4
#define ROUNDS  20

static struct archive_member program;

static int64_t read_program(void *context, uint64_t offset, void *to, size_t bytes) {
  const struct archive_member *member = context;
  if (offset > member->bytes || bytes > member->bytes - offset)
    return -ENOEXEC;
  memcpy(to, member->data + offset, bytes);
  return 0;
}

static void open_program(void) {
  struct system_info system;
  require(kernel_inspect(HANDLE_MACHINE, INSPECT_SYSTEM, 0, &system, sizeof system), "the initrd");
  uint64_t skew = system.initrd_address % PAGE_BYTES;
  uint64_t pages = (skew + system.initrd_bytes + PAGE_BYTES - 1) / PAGE_BYTES;
  const uint8_t *bytes = (const uint8_t *)require(space_map(HANDLE_INITRD, 0, pages, MAP_READ), "the initrd");
  require(archive_find(bytes + skew, system.initrd_bytes, "empty", &program) ? 0 : -ENOENT,
          "program \"empty\"");
}

static void await_process(handle_t process) {
  require(kernel_await_end(process, WAIT_FOREVER, NULL), "a process's end");
  kernel_delete(process);
}

static void spawn_process(void) {
  static const char *const arguments[] = {"empty", NULL};
  struct launch launched = {
      .name = "empty",
      .arguments = arguments,
      .program = {read_program, &program},
      .quota = 1 << 20,
      .priority = (uint32_t)UNCHANGED,
  };
  await_process((handle_t)require(launch(&launched), "a process"));
}

// Where a copy of this process goes on.
static jmp_buf fork_point;

static _Noreturn void go_on(void) { longjmp(fork_point, 1); }

// Gives a region of this process to the copy: what can be written is copied at the first write, the rest is
// shared. Message buffers are wired, which cannot be copied; the copy has none.
static void clone_region(handle_t process, handle_t memory, const struct region_info *info) {
  bool is_shared = (info->rights & MAP_WRITE) == 0;
  int64_t copy = is_shared ? memory : kernel_duplicate_memory(memory, 0);
  if (copy == -EBUSY)
    return;
  require(copy, "a copy of memory");
  require(kernel_map(process, (handle_t)copy, info->address, info->first_page, info->pages,
                     (uint32_t)info->rights),
          "a mapping");
  if (!is_shared)
    kernel_delete((handle_t)copy);
}

// As fork: returns the copy's process, and 0 in the copy.
static handle_t clone_process(void) {
  if (setjmp(fork_point) != 0)
    return 0;
  struct process_start start = {.name = "clone"};
  handle_t process = (handle_t)require(kernel_create_process(&start), "a process");
  require(kernel_grant(process, process, RIGHTS_ALL, 0), "a grant");
  struct region_info info;
  int64_t memory;
  for (uint64_t i = 0; (memory = kernel_read_region(HANDLE_PROCESS, i, &info)) > 0; i++) {
    clone_region(process, (handle_t)memory, &info);
    kernel_delete((handle_t)memory);
  }
  struct thread_start thread = {.pc = (uint64_t)go_on, .priority = (uint32_t)UNCHANGED, .affinity = OWN_HART};
  // longjmp restores the rest.
  __asm__("mv %0, sp\n\tmv %1, gp\n\tmv %2, tp" : "=r"(thread.sp), "=r"(thread.gp), "=r"(thread.tp));
  kernel_delete((handle_t)require(kernel_create_thread(process, &thread), "a thread"));
  return process;
}

static void fork_and_wait(void) {
  handle_t process = clone_process();
  if (process == 0)
    kernel_end_process(HANDLE_PROCESS, 0);
  await_process(process);
}

static uint64_t nothing(void *unused) {
  (void)unused;
  return 0;
}

static void spawn_thread(void) {
  struct thread thread;
  require(thread_create(&thread, nothing, NULL), "a thread");
  require(thread_join(&thread), "a thread's end");
}

static void end_at_once(uint64_t unused) { (void)unused; }

// Whose stack and message buffer are there already.
static void spawn_bare_thread(void) { partner_join(partner_start(HANDLE_PROCESS, end_at_once, 0)); }

static void measure(const char *name, void (*create)(void)) {
  for (unsigned i = 0; i < WARM_UP; i++)
    create();
  struct moment start = moment_now();
  for (unsigned i = 0; i < ROUNDS; i++)
    create();
  measured(name, start, ROUNDS);
}

void measure_creation(void) {
  open_program();
  measure("spawn process", spawn_process);
  measure("clone process", fork_and_wait);
  measure("spawn thread", spawn_thread);
  measure("spawn bare thread", spawn_bare_thread);
}
