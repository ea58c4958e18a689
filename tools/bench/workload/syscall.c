// System calls as kernels take them: all registers saved and restored, and a table of calls in C between.

#include "supervisor.h"

enum { CALLS = 10000, CALL_NUMBERS = 4 };

// Known to syscall.S.
struct frame {
  uint64_t registers[32]; // by number; the first is not used
  uint64_t sepc;
  uint64_t sstatus;
};

enum { A0 = 10, A1 = 11, A2 = 12, A7 = 17 };

extern const char user_program[];
void syscall_trap(void);

static uint64_t calls, program_break;

static uint64_t identify(uint64_t a, uint64_t b, uint64_t c) {
  (void)a, (void)b, (void)c;
  return 42;
}

static uint64_t combine(uint64_t a, uint64_t b, uint64_t c) { return (a ^ b) + c; }

static uint64_t move_break(uint64_t by, uint64_t b, uint64_t c) {
  (void)b, (void)c;
  return program_break += by;
}

static uint64_t count_calls(uint64_t a, uint64_t b, uint64_t c) {
  (void)a, (void)b, (void)c;
  return calls;
}

static uint64_t (*const table[CALL_NUMBERS])(uint64_t, uint64_t, uint64_t) = {identify, combine, move_break,
                                                                              count_calls};

// Called by syscall_trap.
void handle_trap(struct frame *frame, uint64_t cause);
void handle_trap(struct frame *frame, uint64_t cause) {
  uint64_t *registers = frame->registers;
  if (cause != CAUSE_ECALL_FROM_U)
    unexpected_trap(cause, frame->sepc, 0);
  frame->sepc += 4;
  calls++;
  uint64_t number = registers[A7];
  registers[A0] =
      number < CALL_NUMBERS ? table[number](registers[A0], registers[A1], registers[A2]) : (uint64_t)-1;
}

static void prepare(void) {
  enter_supervisor_mode();
  switch_address_space(make_satp(new_address_space(), 1));
  set_supervisor_vector(syscall_trap);
}

static uint64_t run(void) {
  calls = program_break = 0;
  return run_user(user_address(user_program), CALLS);
}

const struct workload workload = {
    .name = "syscall", .checksum = 0xf7ae62fdc83cd4de, .prepare = prepare, .run = run};
