// Calls the kernel with everything that is wrong. The kernel must answer each with the right error and stay
// as it is.

#include "print.h"
#include "program.h"
#include "string.h"
#include "system.h"

#define KERNEL       0xffffffc080200000
#define UNMAPPED     0x3000000000
#define STACK_TOP    0x3ffffff000 // the guard page begins here
#define NONCANONICAL 0x0100000000000000

static const char constant[16] = "read-only";
static const char *const no_arguments[] = {NULL};
static const char *const argument_nowhere[] = {(const char *)UNMAPPED, NULL};
static const char *many_arguments[64];
static const char *long_arguments[3];
static char long_argument[2000];

struct attempt {
  const char *what;
  uint64_t number, a0, a1, a2;
  int64_t expected;
};

#define AT(pointer) ((uint64_t)(pointer))

static const struct attempt attempts[] = {
    {"call 0", 0, 0, 0, 0, ERROR_NO_SUCH_CALL},
    {"call 1000", 1000, 0, 0, 0, ERROR_NO_SUCH_CALL},
    {"call 2^64 - 1", UINT64_MAX, 0, 0, 0, ERROR_NO_SUCH_CALL},

    {"write from null", CALL_WRITE, 0, 1, 0, ERROR_BAD_ADDRESS},
    {"write from the kernel", CALL_WRITE, KERNEL, 16, 0, ERROR_BAD_ADDRESS},
    {"write from nowhere", CALL_WRITE, UNMAPPED, 16, 0, ERROR_BAD_ADDRESS},
    {"write from no Sv39 address", CALL_WRITE, NONCANONICAL, 16, 0, ERROR_BAD_ADDRESS},
    {"write around the end of memory", CALL_WRITE, UINT64_MAX, 16, 0, ERROR_BAD_ADDRESS},
    {"write nothing from null", CALL_WRITE, 0, 0, 0, 0},

    {"read into null", CALL_READ, 0, 1, 0, ERROR_BAD_ADDRESS},
    {"read into a constant", CALL_READ, AT(constant), 1, 0, ERROR_BAD_ADDRESS},
    {"read into code", CALL_READ, AT(main), 1, 0, ERROR_BAD_ADDRESS},
    {"read into the kernel", CALL_READ, KERNEL, 1, 0, ERROR_BAD_ADDRESS},
    {"read past the stack", CALL_READ, STACK_TOP - 1, 2, 0, ERROR_BAD_ADDRESS},
    {"read nothing into null", CALL_READ, 0, 0, 0, 0},

    {"spawn a name at null", CALL_SPAWN, 0, AT(no_arguments), 0, ERROR_BAD_ADDRESS},
    {"spawn a name in the kernel", CALL_SPAWN, KERNEL, AT(no_arguments), 0, ERROR_BAD_ADDRESS},
    {"spawn what is not there", CALL_SPAWN, AT("no-such-program"), AT(no_arguments), 0, ERROR_NOT_FOUND},
    {"spawn the empty name", CALL_SPAWN, AT(""), AT(no_arguments), 0, ERROR_NOT_FOUND},
    {"spawn a name without end", CALL_SPAWN, AT(long_argument), AT(no_arguments), 0, ERROR_TOO_MANY},
    {"spawn with arguments at null", CALL_SPAWN, AT("hello"), 0, 0, ERROR_BAD_ADDRESS},
    {"spawn with arguments at an odd end", CALL_SPAWN, AT("hello"), STACK_TOP - 3, 0, ERROR_BAD_ADDRESS},
    {"spawn with an argument nowhere", CALL_SPAWN, AT("hello"), AT(argument_nowhere), 0, ERROR_BAD_ADDRESS},
    {"spawn with too many arguments", CALL_SPAWN, AT("hello"), AT(many_arguments), 0, ERROR_TOO_MANY},
    {"spawn with too long arguments", CALL_SPAWN, AT("hello"), AT(long_arguments), 0, ERROR_TOO_MANY},

    {"wait without a child", CALL_WAIT, (uint64_t)ANY_CHILD, 0, 0, ERROR_NOT_FOUND},
    {"wait for init", CALL_WAIT, 1, 0, 0, ERROR_NOT_FOUND},
    {"wait for process -7", CALL_WAIT, (uint64_t)-7, 0, 0, ERROR_NOT_FOUND},

    {"kill process 0", CALL_KILL, 0, 0, 0, ERROR_NOT_FOUND},
    {"kill process -1", CALL_KILL, (uint64_t)-1, 0, 0, ERROR_NOT_FOUND},
    {"kill process 2^32 + 1", CALL_KILL, (1ul << 32) + 1, 0, 0, ERROR_NOT_FOUND},
    {"kill init", CALL_KILL, 1, 0, 0, ERROR_NOT_PERMITTED},

    {"shrink the heap below its start", CALL_GROW_HEAP, (uint64_t)-1, 0, 0, ERROR_NO_MEMORY},
    {"shrink the heap by 2^63", CALL_GROW_HEAP, 1ul << 63, 0, 0, ERROR_NO_MEMORY},
    {"grow the heap by 2^63 - 1", CALL_GROW_HEAP, INT64_MAX, 0, 0, ERROR_NO_MEMORY},

    {"list processes to null", CALL_LIST_PROCESSES, 0, 1, 0, ERROR_BAD_ADDRESS},
    {"list processes to a constant", CALL_LIST_PROCESSES, AT(constant), UINT64_MAX, 0, ERROR_BAD_ADDRESS},
    {"memory to the kernel", CALL_MEMORY, KERNEL, 0, 0, ERROR_BAD_ADDRESS},
    {"memory past the stack", CALL_MEMORY, STACK_TOP - 8, 0, 0, ERROR_BAD_ADDRESS},
    {"name of program 2^64 - 1", CALL_PROGRAM_NAME, UINT64_MAX, AT(long_argument), 32, ERROR_NOT_FOUND},
    {"name of a program to null", CALL_PROGRAM_NAME, 0, 0, 32, ERROR_BAD_ADDRESS},
    {"name of a program to no room", CALL_PROGRAM_NAME, 0, AT(long_argument), 0, ERROR_INVALID},

    {"give init the console", CALL_CONSOLE_FOCUS, 1, 0, 0, ERROR_NOT_PERMITTED},
    {"give process 0 the console", CALL_CONSOLE_FOCUS, 0, 0, 0, ERROR_NOT_FOUND},
    {"power off", CALL_POWER_OFF, 0, 0, 0, ERROR_NOT_PERMITTED},
    {"reboot", CALL_REBOOT, 0, 0, 0, ERROR_NOT_PERMITTED},
};

#define ATTEMPT_COUNT (sizeof attempts / sizeof attempts[0])

static bool report(const char *what, int64_t expected, int64_t result) {
  bool is_right = result == expected;
  print("%-5s %-35s %s\n", is_right ? "ok" : "WRONG", what, error_text(result));
  return is_right;
}

// A child that ended is not lost when its report cannot be delivered.
static bool wait_twice(void) {
  const char *const arguments[] = {"hello", "badcalls", NULL};
  int64_t child = spawn(arguments);
  int64_t refused = system_call(CALL_WAIT, (uint64_t)child, KERNEL, 0);
  struct exit_report ended;
  bool waited = wait(child, &ended) == child && ended.reason == EXIT_CALLED;
  return report("report of a child to the kernel", ERROR_BAD_ADDRESS, refused) && waited;
}

int main(int count, const char *const arguments[]) {
  (void)count, (void)arguments;
  memset(long_argument, 'x', sizeof long_argument - 1);
  for (size_t i = 0; i < sizeof many_arguments / sizeof many_arguments[0] - 1; i++)
    many_arguments[i] = "word";
  long_arguments[0] = long_arguments[1] = long_argument;

  size_t wrong = 0;
  for (size_t i = 0; i < ATTEMPT_COUNT; i++) {
    const struct attempt *attempt = &attempts[i];
    int64_t result = system_call(attempt->number, attempt->a0, attempt->a1, attempt->a2);
    wrong += !report(attempt->what, attempt->expected, result);
  }
  wrong += !wait_twice();
  print("badcalls: %lu attempts, %lu wrong answers\n", ATTEMPT_COUNT + 1, wrong);
  return wrong == 0 ? 0 : 1;
}
