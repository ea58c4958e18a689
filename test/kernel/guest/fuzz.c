// Hostile calls: processes with next to no capabilities make random calls with random arguments, two threads
// each, so that what one names the other may unmap meanwhile. They see nothing of this process's memory but
// its code; a victim, whose memory and registers hold a secret, must stay as it was, and the secret where it
// is.

#include "harness/random.h"
#include "harness/workers.h"
#include <string.h>

const char subject[] = "fuzz";

#define ATTACKERS 3
#define SECRET    0x5ec4e75ec4e75ec4ul

// What attackers report, in memory that they share with this process.
struct scoreboard {
  uint64_t calls[2 * ATTACKERS], leaks, last_leak[3];
};

#define SCOREBOARD ((struct scoreboard *)0x2900000000ul)
#define PRIVATE    0x2a00000000ul // an attacker's stack and data, and what it maps
#define STACK      (PRIVATE + 0x10000)
#define BUFFER     (STACK + 0x8000)

#define PROGRAM_END 0x10000000ul // of what is linked

// Makes a call with temporaries that are 0, and notes a0..a7 and t0..t6 behind it.
void hostile_call(const uint64_t arguments[8], uint64_t after[15]);
__asm__(
    "hostile_call:\n"
    "addi sp, sp, -32; sd s0, 0(sp); sd s1, 8(sp); sd ra, 16(sp); mv s0, a1; mv t0, a0\n"
    "ld a0, 0(t0); ld a1, 8(t0); ld a2, 16(t0); ld a3, 24(t0)\n"
    "ld a4, 32(t0); ld a5, 40(t0); ld a6, 48(t0); ld a7, 56(t0)\n"
    "li t0, 0; li t1, 0; li t2, 0; li t3, 0; li t4, 0; li t5, 0; li t6, 0\n"
    "ecall\n"
    "sd a0, 0(s0); sd a1, 8(s0); sd a2, 16(s0); sd a3, 24(s0); sd a4, 32(s0); sd a5, 40(s0); sd a6, 48(s0)\n"
    "sd a7, 56(s0); sd t0, 64(s0); sd t1, 72(s0); sd t2, 80(s0); sd t3, 88(s0); sd t4, 96(s0); sd t5, "
    "104(s0)\n"
    "sd t6, 112(s0); ld s0, 0(sp); ld s1, 8(sp); ld ra, 16(sp); addi sp, sp, 32; ret");

static uint64_t pick_address(uint64_t *state) {
  static const uint64_t places[] = {0,
                                    8,
                                    4096,
                                    PRIVATE,
                                    PRIVATE + 0x3000,
                                    PRIVATE + 0xfffc,
                                    PRIVATE + 0xfff,
                                    STACK,
                                    BUFFER,
                                    BUFFER + 3,
                                    0x3ffffff000,
                                    0x3fffffffff,
                                    0x4000000000,
                                    0x3ffffffffffffff8,
                                    1ul << 63,
                                    ~0ul,
                                    ~7ul,
                                    0xffffffc000000000,
                                    0xffffffc080200000,
                                    0xffffffc080220000,
                                    0x80200000,
                                    0x10000000,
                                    0x2000000000};
  uint64_t kind = random_below(state, sizeof places / sizeof places[0] + 4);
  if (kind < sizeof places / sizeof places[0])
    return places[kind];
  if (kind % 2 == 0)
    return PRIVATE + random_below(state, 0x40000) / 4096 * 4096;
  return PRIVATE + random_below(state, 0x20000);
}

static uint64_t pick_argument(uint64_t *state) {
  static const uint64_t numbers[] = {0,         1,         2,         3,         4,         7,
                                     8,         16,        63,        64,        127,       4096,
                                     4097,      65536,     1ul << 20, 1ul << 31, 1ul << 32, 1ul << 42,
                                     1ul << 52, 1ul << 62, 1ul << 63, ~0ul >> 1, ~0ul,      ~0ul - 1};
  switch (random_below(state, 6)) {
  case 0:
    return random_below(state, 16); // a handle, perhaps
  case 1:
    return pick_address(state);
  case 2:
    return numbers[random_below(state, sizeof numbers / sizeof numbers[0])];
  case 3:
    return random_next(state);
  case 4:
    return now() + random_below(state, 300); // a deadline
  default:
    return TAG(random_below(state, 8), random_below(state, 128), random_below(state, 8)) |
           (random_below(state, 4) == 0 ? TAG_URGENT : 0);
  }
}

static bool is_kernel_address(uint64_t value) {
  return value >= 0xffffffc000000000 && value < 0xffffffff00000000;
}

static void report_leak(uint64_t call, uint64_t where, uint64_t value) {
  SCOREBOARD->leaks++;
  SCOREBOARD->last_leak[0] = call;
  SCOREBOARD->last_leak[1] = where;
  SCOREBOARD->last_leak[2] = value;
}

// Sets the deadline of a call that has one, so that most calls wait for little.
static void give_up_soon(uint64_t arguments[8], uint64_t deadline) {
  switch ((int64_t)arguments[7]) {
  case CALL_CALL:
  case CALL_REPLY_WAIT:
  case CALL_SEND:
  case CALL_RECEIVE:
    arguments[6] = deadline;
    break;
  case CALL_WAIT:
  case CALL_AWAIT_END:
    arguments[1] = deadline;
    break;
  case CALL_SLEEP:
    arguments[0] = deadline;
    break;
  case CALL_FUTEX_WAIT:
    arguments[2] = deadline;
    break;
  default:
    break;
  }
}

// Read, so that no compiler has the secret itself in a register of an attacker's.
#define MASK 0x0123456789abcdef
static volatile const uint64_t mask = MASK;

// Executed by attackers only, whose writable data of the program are copies.
__attribute__((noreturn)) static void attack(uint64_t seed, uint64_t index) {
  uint64_t state = seed, arguments[8], after[15];
  for (;;) {
    for (unsigned i = 0; i < 7; i++)
      arguments[i] = pick_argument(&state);
    // Rarely what ends an attacker soon, and a system call of another personality now and then.
    uint64_t number = random_below(&state, CALL_COUNT + 3);
    bool is_end = ~number == (uint64_t)CALL_EXIT || ~number == (uint64_t)CALL_END_PROCESS ||
                  ~number == (uint64_t)CALL_END_THREAD;
    if (is_end && random_below(&state, 64) != 0)
      continue;
    // Half of the calls that take a handle first get one of those there are.
    if (random_below(&state, 2) == 0)
      arguments[0] = 1 + random_below(&state, 8);
    arguments[7] = number < CALL_COUNT + 2 ? ~number : random_below(&state, 500);
    if (random_below(&state, 8) != 0)
      give_up_soon(arguments, now() + random_below(&state, 20));
    hostile_call(arguments, after);
    SCOREBOARD->calls[index]++;
    // The fast path leaves addresses of the kernel's where it stays in one process; they are of no use there.
    bool is_fast = number <= (uint64_t)~CALL_YIELD;
    for (unsigned i = 0; i < 15; i++) {
      if ((after[i] ^ mask) == (SECRET ^ MASK) || (i >= 8 && !is_fast && is_kernel_address(after[i])))
        report_leak(arguments[7], i, after[i]);
    }
  }
}

static handle_t scoreboard, attacked;

// The first threads are woken from whatever they wait in, and resumed.
static void disturb(handle_t process) {
  kernel_resume(process);
  for (uint64_t i = 0; i < 4; i++) {
    int64_t thread = kernel_open_thread(process, i);
    if (thread < 0)
      break;
    kernel_interrupt_thread((handle_t)thread);
    kernel_resume((handle_t)thread);
    kernel_delete((handle_t)thread);
  }
}

// A process that has: itself, and capabilities with some rights to objects that are there for that.
static void start_attacker(unsigned index, uint64_t *state, handle_t *process) {
  struct process_start start = {
      .name = "attacker", .quota = 1 << 20, .system_call_endpoint = attacked, .fault_endpoint = attacked};
  *process = (handle_t)kernel_create_process(&start);
  struct region_info info;
  int64_t memory;
  for (uint64_t i = 0; (memory = kernel_read_region(HANDLE_PROCESS, i, &info)) > 0; i++) {
    if ((info.rights & MAP_WRITE) == 0) {
      kernel_map(*process, (handle_t)memory, info.address, info.first_page, info.pages,
                 (uint32_t)info.rights);
    } else if (info.address < PROGRAM_END) {
      handle_t copy = (handle_t)kernel_duplicate_memory((handle_t)memory, 0);
      kernel_map(*process, copy, info.address, info.first_page, info.pages, (uint32_t)info.rights);
      kernel_delete(copy);
    }
    kernel_delete((handle_t)memory);
  }
  check_equal(kernel_map(*process, scoreboard, (uint64_t)SCOREBOARD, 0, 1, MAP_READ | MAP_WRITE), 0);
  int64_t stack = kernel_create_memory(16, MEMORY_WIRED, 0, 0);
  check_equal(kernel_map(*process, (handle_t)stack, STACK, 0, 16, MAP_READ | MAP_WRITE), 0);
  int64_t data = kernel_create_memory(16, 0, 0, 0);
  check_equal(kernel_map(*process, (handle_t)data, PRIVATE, 0, 16, MAP_READ | MAP_WRITE), 0);
  kernel_grant(*process, *process, RIGHTS_ALL, 0);
  kernel_grant(*process, attacked, RIGHT_SEND, 1 + index);
  kernel_grant(*process, (handle_t)data, RIGHTS_ALL, 0);
  handle_t own[] = {(handle_t)kernel_create_endpoint(), (handle_t)kernel_create_notification(),
                    (handle_t)kernel_create_port(3), (handle_t)kernel_create_timer()};
  for (unsigned i = 0; i < sizeof own / sizeof own[0]; i++) {
    kernel_grant(*process, own[i], RIGHTS_ALL, 0);
    kernel_delete(own[i]);
  }
  uint64_t gp;
  __asm__("mv %0, gp" : "=r"(gp));
  for (unsigned i = 0; i < 2; i++) {
    struct thread_start thread = {.pc = (uint64_t)attack,
                                  .sp = STACK + 0x4000 * (i + 1),
                                  .gp = gp,
                                  .arguments = {random_next(state) | 1, 2 * index + i},
                                  .buffer = BUFFER + 0x1000 * i,
                                  .priority = 5,
                                  .suspended = 1,
                                  .affinity = AFFINITY_ANY};
    int64_t handle = kernel_create_thread(*process, &thread);
    check(handle > 0);
    kernel_grant(*process, (handle_t)handle, RIGHTS_ALL, 0);
    kernel_delete((handle_t)handle);
  }
  kernel_delete((handle_t)stack);
  kernel_delete((handle_t)data);
  disturb(*process); // both begin
}

// Answers faults and system calls of attackers with whatever comes to mind.
static void answer(uint64_t *state) {
  struct message message;
  while (message_receive(attacked, &message, 0) == 0) {
    message_drop_capabilities(&message);
    uint64_t label = TAG_LABEL(message.tag) == LABEL_SYSTEM_CALL ? random_below(state, 2) : RESUME_END;
    if (label == RESUME_RETRY && random_below(state, 2) == 0)
      label = RESUME_END;
    message = message_result((int64_t)random_next(state));
    message.tag |= TAG(label, 0, 0);
    message_reply(0, &message);
  }
}

// The victim: waits with the secret in every register that it can.
void guard_the_secret(void);
__asm__(
    "guard_the_secret: mv s0, a0; mv s1, a0; mv s2, a0; mv s3, a0; mv s4, a0; mv s5, a0; mv s6, a0; mv s7, "
    "a0\n"
    "mv s8, a0; mv s9, a0; mv s10, a0; mv s11, a0; mv t0, a0; mv t1, a0; mv t2, a0; mv t3, a0; mv t4, a0\n"
    "mv t5, a0; mv t6, a0; mv a2, a0; mv a3, a0; mv a4, a0; mv a5, a0\n"
    "1: li a0, 3; li a1, -1; li a7, -9; ecall\n"
    "mv t0, s0; mv t1, s0; mv t2, s0; mv t3, s0; mv t4, s0; mv t5, s0; mv t6, s0; mv a2, s0; mv a3, s0\n"
    "j 1b");

struct victim {
  handle_t process, memory, notification, thread;
  uint64_t *page; // its memory, as seen from here
};

#define VICTIM_PAGES 8

static struct victim start_victim(void) {
  struct victim victim = {.page = (uint64_t *)0x2b00000000};
  victim.process = child_create(QUOTA, 0, 0);
  victim.memory = (handle_t)kernel_create_memory(VICTIM_PAGES, 0, 0, 0);
  victim.notification = (handle_t)kernel_create_notification();
  check_equal(kernel_delete((handle_t)kernel_copy_capability(victim.notification, 0, 0)), 0);
  kernel_map(HANDLE_PROCESS, victim.memory, (uint64_t)victim.page, 0, VICTIM_PAGES, MAP_READ | MAP_WRITE);
  kernel_map(victim.process, victim.memory, PRIVATE, 0, VICTIM_PAGES,
             MAP_READ | MAP_WRITE); // where attackers try
  for (unsigned i = 0; i < VICTIM_PAGES * PAGE_BYTES / 8; i++)
    victim.page[i] = SECRET;
  struct thread_start thread = {
      .pc = (uint64_t)guard_the_secret, .arguments = {SECRET}, .priority = 6, .affinity = AFFINITY_ANY};
  victim.thread = (handle_t)kernel_create_thread(victim.process, &thread);
  check_equal(kernel_grant(victim.process, victim.notification, RIGHT_RECEIVE, 0), 3);
  return victim;
}

static void check_victim(const struct victim *victim) {
  uint64_t changed = 0;
  for (unsigned i = 0; i < VICTIM_PAGES * PAGE_BYTES / 8; i++)
    changed += victim->page[i] != SECRET;
  check_equal(changed, 0);
  check_equal(kernel_wait(victim->notification, 0), -EAGAIN);
  check_equal(kernel_await_end(victim->process, 0, NULL), -EAGAIN);
  struct thread_state state;
  check_equal(kernel_suspend(victim->thread), 0);
  check_equal(kernel_read_thread(victim->thread, &state), 0);
  check_equal(state.x[0] - (uint64_t)guard_the_secret < 200, 1);
  for (unsigned i = 18; i < 28; i++)
    check_equal(state.x[i], SECRET);
  check_equal(kernel_resume(victim->thread), 0);
}

static uint64_t calls_made(void) {
  uint64_t sum = 0;
  for (unsigned i = 0; i < 2 * ATTACKERS; i++)
    sum += SCOREBOARD->calls[i];
  return sum;
}

static void fuzz(uint64_t count) {
  uint64_t state = 0xfeedfacecafe, calls = 0, quiet = 0;
  scoreboard = (handle_t)kernel_create_memory(1, 0, 0, 0);
  check_equal(kernel_map(HANDLE_PROCESS, scoreboard, (uint64_t)SCOREBOARD, 0, 1, MAP_READ | MAP_WRITE), 0);
  attacked = (handle_t)kernel_create_endpoint();
  struct victim victim = start_victim();
  while (calls < count && quiet < 100) {
    handle_t processes[ATTACKERS];
    memset(SCOREBOARD->calls, 0, sizeof SCOREBOARD->calls);
    for (unsigned i = 0; i < ATTACKERS; i++)
      start_attacker(i, &state, &processes[i]);
    for (unsigned turn = 0; turn < 30; turn++) {
      kernel_sleep(now() + TICKS_PER_MILLISECOND / 2);
      for (unsigned i = 0; i < ATTACKERS; i++)
        disturb(processes[i]);
      answer(&state);
    }
    for (unsigned i = 0; i < ATTACKERS; i++) {
      kernel_end_process(processes[i], 0);
      check_equal(kernel_await_end(processes[i], milliseconds(1000), NULL), 0);
      kernel_delete(processes[i]);
    }
    uint64_t made = calls_made();
    quiet = made < 10 ? quiet + 1 : 0;
    calls += made < 1000000 ? made : 0; // or an attacker has overwritten it
    check_equal(SCOREBOARD->leaks, 0);
    if (SCOREBOARD->leaks > 0)
      print_line("call %lld, register %llu: %llx", (long long)SCOREBOARD->last_leak[0],
                 (unsigned long long)SCOREBOARD->last_leak[1], (unsigned long long)SCOREBOARD->last_leak[2]);
    SCOREBOARD->leaks = 0;
    check_victim(&victim);
  }
  check(quiet < 100);
  kernel_delete(victim.thread);
  child_end(victim.process);
  kernel_unmap(HANDLE_PROCESS, (uint64_t)victim.page, VICTIM_PAGES);
  kernel_delete(victim.memory);
  kernel_delete(victim.notification);
  kernel_unmap(HANDLE_PROCESS, (uint64_t)SCOREBOARD, 1);
  kernel_delete(scoreboard);
  kernel_delete(attacked);
  print_line("%llu hostile calls", (unsigned long long)calls);
}

void test(void) {
  kernel_schedule_thread(0, 20, AFFINITY_UNCHANGED);
  fuzz(1); // the first gives everything its size
  struct system_info before = inventory();
  fuzz(amount(10000));
  check_inventory(&before);
}
