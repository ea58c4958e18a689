#pragma once
// A supervisor that calls every function of the SBI and checks what comes back.

#include "memory.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_HARTS 8

// Checks. A failed one is printed, and makes the machine end with a failure.
#define check(condition) check_that((condition), __FILE__, __LINE__, #condition)
#define check_equal(actual, expected)                                                                        \
  check_equality((unsigned long)(actual), (unsigned long)(expected), __FILE__, __LINE__, #actual)
void check_that(bool condition, const char *file, unsigned line, const char *expression);
void check_equality(unsigned long actual, unsigned long expected, const char *file, unsigned line,
                    const char *expression);
unsigned checks_failed(void);
void say(const char *text);
void say_number(unsigned long number);

// SBI calls.
struct sbi_result {
  long error;
  unsigned long value;
};

enum sbi_error {
  SUCCESS = 0,
  NOT_SUPPORTED = -2,
  INVALID_PARAM = -3,
  INVALID_ADDRESS = -5,
  ALREADY_AVAILABLE = -6,
};

enum sbi_extension {
  SET_TIMER,
  CONSOLE_PUTCHAR,
  CONSOLE_GETCHAR,
  CLEAR_IPI,
  SEND_IPI,
  REMOTE_FENCE_I,
  REMOTE_SFENCE_VMA,
  REMOTE_SFENCE_VMA_ASID,
  SHUTDOWN,
  BASE = 0x10,
  TIME = 0x54494d45,
  IPI = 0x735049,
  RFENCE = 0x52464e43,
  HSM = 0x48534d,
  SRST = 0x53525354,
  DBCN = 0x4442434e,
};

static inline struct sbi_result sbi_call(unsigned long extension, unsigned long function, unsigned long arg0,
                                         unsigned long arg1, unsigned long arg2, unsigned long arg3,
                                         unsigned long arg4) {
  register unsigned long a0 __asm__("a0") = arg0;
  register unsigned long a1 __asm__("a1") = arg1;
  register unsigned long a2 __asm__("a2") = arg2;
  register unsigned long a3 __asm__("a3") = arg3;
  register unsigned long a4 __asm__("a4") = arg4;
  register unsigned long a6 __asm__("a6") = function;
  register unsigned long a7 __asm__("a7") = extension;
  __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a3), "r"(a4), "r"(a6), "r"(a7) : "memory");
  return (struct sbi_result){(long)a0, a1};
}

// Missing arguments are 0.
#define sbi(...) sbi_pad(__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define sbi_pad(extension, function, a0, a1, a2, a3, a4, ...)                                                \
  sbi_call((unsigned long)(extension), (unsigned long)(function), (unsigned long)(a0), (unsigned long)(a1),  \
           (unsigned long)(a2), (unsigned long)(a3), (unsigned long)(a4))

// Control and status registers.
#define csr_read(csr)                                                                                        \
  ({                                                                                                         \
    uint64_t csr_value_;                                                                                     \
    __asm__ volatile("csrr %0, " #csr : "=r"(csr_value_)::"memory");                                         \
    csr_value_;                                                                                              \
  })
#define csr_write(csr, value) __asm__ volatile("csrw " #csr ", %0" ::"r"((uint64_t)(value)) : "memory")
#define csr_set(csr, bits)    __asm__ volatile("csrs " #csr ", %0" ::"r"((uint64_t)(bits)) : "memory")
#define csr_clear(csr, bits)  __asm__ volatile("csrc " #csr ", %0" ::"r"((uint64_t)(bits)) : "memory")

#define SSTATUS_SIE 0x2
#define SSTATUS_SPP 0x100
#define SSTATUS_FS  0x6000
#define SSTATUS_SUM 0x40000
#define SSI         0x2
#define STI         0x20

// Traps. The handler passes over an instruction that raises an exception; a timer interrupt it disables, a
// software interrupt it clears.
struct trap {
  unsigned count;
  uint64_t cause;
  uint64_t value;
  uint64_t pc;
  bool from_supervisor;
};
extern volatile struct trap last_trap[MAX_HARTS];
extern volatile unsigned software_interrupts[MAX_HARTS];
extern volatile unsigned timer_interrupts[MAX_HARTS];
void trap(void);
// Where to go on after a fetch that faults.
extern uint64_t fetch_return;

// Harts. The one that runs the tests is `self()`; the others, once started, do the tasks they are given.
static inline unsigned self(void) {
  unsigned long hart;
  __asm__ volatile("mv %0, tp" : "=r"(hart));
  return (unsigned)hart;
}

typedef void task(void);

enum hart_status { HART_STARTED = 0, HART_STOPPED = 1, HART_SUSPENDED = 4 };
long hart_status(unsigned hart);
void await_status(unsigned hart, long wanted);

struct start {
  uint64_t satp;
  uint64_t sstatus;
};

// The harts that exist, as a mask; found by asking for their status.
extern uint32_t harts;
void start_others(void);
// Between two looks at what another hart shall change: spinning would take the host's time from that hart.
void nap(void);
void begin(unsigned hart, task *task);
void finish(unsigned hart);
// On all harts at once.
void everywhere(task *task);
void worker(unsigned long hart, struct start *start, uint64_t satp, uint64_t sstatus);

// In assembly.
void started(void);
void user_load(uint64_t address);
void ecall_with_pattern(uint64_t image[32], uint64_t a0, uint64_t a1, uint64_t a6, uint64_t a7);
struct resume {
  uint64_t registers[32];
};
long suspend_and_resume(struct resume *resume);

// The tests.
void test_base(void);
void test_time(void);
void test_ipi(void);
void test_hsm(void);
void test_rfence(void);
void test_dbcn(void);
void test_srst(void);
void test_traps(void);
void test_tree(uint64_t tree);

// The kernel's command line, from the tree; empty if there is none.
const char *command_line(uint64_t tree);

void payload(unsigned long hart, uint64_t tree);

// Places.
#define FIRMWARE 0x80000000
#define UART     0x10000000
#define CLINT    0x2000000
