#include "payload.h"

static _Atomic unsigned failed;

// Memory that no image covers, so that what is written there outlives a reset of the machine.
#define SURVIVOR (volatile uint64_t *)0x80600000
#define REBOOTED UINT64_C(0x7265626f6f746564)

void say(const char *text) {
  for (; *text != '\0'; text++)
    sbi(CONSOLE_PUTCHAR, 0, *text);
}

void say_number(unsigned long number) {
  say("0x");
  for (int shift = 60; shift >= 0; shift -= 4)
    if (number >> shift != 0 || shift == 0)
      sbi(CONSOLE_PUTCHAR, 0, "0123456789abcdef"[number >> shift & 15]);
}

static void complain(const char *file, unsigned line, const char *expression) {
  atomic_fetch_add(&failed, 1);
  say("FAILED ");
  say(file);
  say(":");
  say_number(line);
  say(": ");
  say(expression);
}

void check_that(bool condition, const char *file, unsigned line, const char *expression) {
  if (condition)
    return;
  complain(file, line, expression);
  say("\r\n");
}

void check_equality(unsigned long actual, unsigned long expected, const char *file, unsigned line,
                    const char *expression) {
  if (actual == expected)
    return;
  complain(file, line, expression);
  say(" is ");
  say_number(actual);
  say(", not ");
  say_number(expected);
  say("\r\n");
}

unsigned checks_failed(void) { return atomic_load(&failed); }

static void reboot(unsigned type) {
  volatile uint64_t *survivor = SURVIVOR;
  if (*survivor == REBOOTED) {
    say("rebooted\r\n");
    sbi(SRST, 0, 0, 0);
  }
  *survivor = REBOOTED;
  sbi(SRST, 0, type, 0);
}

// The ways to end, none of which returns; the command line chooses.
static void end(const char *how) {
  if (checks_failed() == 0) {
    if (text_equal(how, "end=legacy-shutdown"))
      sbi(SHUTDOWN, 0);
    else if (text_equal(how, "end=cold-reboot"))
      reboot(1);
    else if (text_equal(how, "end=warm-reboot"))
      reboot(2);
    else if (text_equal(how, "end=failure"))
      sbi(SRST, 0, 0, 1);
    else
      sbi(SRST, 0, 0, 0);
    say("FAILED: still here after the end\r\n");
  }
  sbi(SRST, 0, 0, 1);
}

void payload(unsigned long hart, uint64_t tree) {
  check_equal(csr_read(satp), 0);
  check((csr_read(sstatus) & SSTATUS_SIE) == 0);
  check((csr_read(sip) & (SSI | STI)) == 0);
  check(hart < MAX_HARTS);
  test_base();
  test_tree(tree);
  test_traps();
  test_time();
  test_dbcn();
  test_srst();
  test_hsm();
  test_ipi();
  test_rfence();
  say(checks_failed() == 0 ? "firmware: all checks passed\r\n" : "firmware: there are failures\r\n");
  end(command_line(tree));
  for (;;)
    __asm__ volatile("wfi");
}
