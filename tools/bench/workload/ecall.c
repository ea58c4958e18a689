// The shortest system call: user mode calls, the supervisor steps over the ecall and returns.

#include "supervisor.h"

enum { CALLS = 10000 };

extern const char user_calls[];
void step_over_call(void);

static void prepare(void) {
  enter_supervisor_mode();
  switch_address_space(make_satp(new_address_space(), 1));
  set_supervisor_vector(step_over_call);
}

static uint64_t run(void) { return run_user(user_address(user_calls), CALLS); }

const struct workload workload = {.name = "ecall", .checksum = CALLS, .prepare = prepare, .run = run};
