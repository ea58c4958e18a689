#include "payload.h"

uint32_t harts;
volatile struct trap last_trap[MAX_HARTS];
volatile unsigned software_interrupts[MAX_HARTS];
volatile unsigned timer_interrupts[MAX_HARTS];
uint64_t fetch_return;

static task *_Atomic tasks[MAX_HARTS];
static struct start starts[MAX_HARTS];

#define INTERRUPT (UINT64_C(1) << 63)
// A tenth of a millisecond.
#define NAP 1000

#define CAUSE_FETCH_ACCESS 1
#define CAUSE_ECALL_U      8

void trap(void) {
  unsigned hart = self();
  uint64_t cause = csr_read(scause);
  if (cause == (INTERRUPT | 1)) {
    csr_clear(sip, SSI);
    software_interrupts[hart]++;
    return;
  }
  if (cause == (INTERRUPT | 5)) {
    csr_clear(sie, STI);
    timer_interrupts[hart]++;
    return;
  }
  uint64_t pc = csr_read(sepc);
  bool from_supervisor = (csr_read(sstatus) & SSTATUS_SPP) != 0;
  if (cause == CAUSE_ECALL_U) {
    csr_set(sstatus, SSTATUS_SPP);
    csr_write(sepc, pc + 4);
    return;
  }
  unsigned count = last_trap[hart].count + 1;
  last_trap[hart] = (struct trap){count, cause, csr_read(stval), pc, from_supervisor};
  if (cause == CAUSE_FETCH_ACCESS)
    csr_write(sepc, fetch_return);
  else
    csr_write(sepc, pc + ((*(const uint16_t *)pc & 3) == 3 ? 4 : 2));
}

void nap(void) {
  // Were the timer's interrupt taken before the wfi, nothing would end the wfi; masked, it still does.
  uint64_t enabled = csr_read(sstatus) & SSTATUS_SIE;
  csr_clear(sstatus, SSTATUS_SIE);
  sbi(TIME, 0, csr_read(time) + NAP);
  csr_set(sie, STI);
  __asm__ volatile("wfi");
  csr_clear(sie, STI);
  csr_set(sstatus, enabled);
}

void worker(unsigned long hart, struct start *start, uint64_t satp, uint64_t sstatus) {
  *start = (struct start){satp, sstatus};
  for (;;) {
    task *mine = atomic_load(&tasks[hart]);
    if (mine == NULL) {
      nap();
      continue;
    }
    mine();
    atomic_store(&tasks[hart], NULL);
  }
}

void begin(unsigned hart, task *task) { atomic_store(&tasks[hart], task); }

void finish(unsigned hart) {
  while (atomic_load(&tasks[hart]) != NULL)
    nap();
}

void everywhere(task *task) {
  for (unsigned hart = 0; hart < MAX_HARTS; hart++)
    if ((harts >> hart & 1) && hart != self())
      begin(hart, task);
  task();
  for (unsigned hart = 0; hart < MAX_HARTS; hart++)
    finish(hart);
}

static void idle(void) {}

long hart_status(unsigned hart) { return (long)sbi(HSM, 2, hart).value; }

void await_status(unsigned hart, long wanted) {
  while (hart_status(hart) != wanted)
    nap();
}

void start_others(void) {
  for (unsigned hart = 0; hart < MAX_HARTS; hart++) {
    if ((harts >> hart & 1) == 0 || hart == self())
      continue;
    starts[hart] = (struct start){UINT64_MAX, UINT64_MAX};
    await_status(hart, HART_STOPPED);
    check_equal(sbi(HSM, 0, hart, started, &starts[hart]).error, SUCCESS);
    await_status(hart, HART_STARTED);
    check_equal(sbi(HSM, 0, hart, started, &starts[hart]).error, ALREADY_AVAILABLE);
    begin(hart, idle);
    finish(hart);
    check_equal(starts[hart].satp, 0);
    check((starts[hart].sstatus & SSTATUS_SIE) == 0);
  }
}
