#include "trap.h"
#include "execute.h"
#include "shell.h"
#include "signal_names.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIGNALS 65

static char *actions[SIGNALS]; // NULL: as usual; 0 stands for EXIT
static volatile sig_atomic_t has_come[SIGNALS];

static void note(int number) {
  has_come[number] = 1;
  if (number == SIGINT && actions[SIGINT] == NULL)
    shell.is_interrupted = 1;
}

static void catch (int number) {
  // Without SA_RESTART: what the shell waits in must end.
  struct sigaction action = {.sa_handler = note};
  sigaction(number, &action, NULL);
}

void traps_start(void) {
  if (shell.is_interactive)
    catch (SIGINT);
}

void traps_reset(void) {
  for (int number = 0; number < SIGNALS; number++) {
    if (actions[number] == NULL)
      continue;
    if (number != 0 && *actions[number] != 0)
      signal(number, SIG_DFL);
    actions[number] = NULL;
    has_come[number] = 0;
  }
}

int traps_pending(void) {
  for (int number = 1; number < SIGNALS; number++) {
    if (has_come[number] && actions[number] != NULL)
      return number;
  }
  return 0;
}

static void run(const char *action) {
  int status = shell.status;
  char *copy = strdup(action); // it may change the trap
  if (copy == NULL)
    return;
  struct input input = input_from_string(copy);
  execute_input(&input);
  free(copy);
  shell.status = status;
}

void traps_run(void) {
  int number;
  while ((number = traps_pending()) != 0) {
    has_come[number] = 0;
    run(actions[number]);
  }
}

void traps_run_exit(void) {
  char *action = actions[0];
  actions[0] = NULL;
  if (action == NULL)
    return;
  shell.leaving = LEAVING_NOTHING;
  int status = shell.status;
  struct input input = input_from_string(action);
  execute_input(&input);
  if (shell.leaving != LEAVING_SHELL)
    shell.status = status;
}

static void set_action(int number, const char *action) {
  free(actions[number]);
  actions[number] = action == NULL ? NULL : strdup(action);
  has_come[number] = 0;
  if (number == 0)
    return;
  if (action == NULL && number == SIGINT && shell.is_interactive)
    catch (SIGINT);
  else if (action == NULL)
    signal(number, SIG_DFL);
  else if (*action == 0)
    signal(number, SIG_IGN);
  else
    catch (number);
}

int trap_command(int count, char **arguments) {
  int first = count > 1 && strcmp(arguments[1], "--") == 0 ? 2 : 1;
  for (int number = 0; first == count && number < SIGNALS; number++) {
    if (actions[number] != NULL)
      printf("trap -- '%s' %s\n", actions[number], number == 0 ? "EXIT" : signal_name(number));
  }
  if (first == count)
    return 0;
  const char *action = arguments[first];
  bool is_reset = strcmp(action, "-") == 0 || first + 1 == count;
  if (first + 1 < count)
    first++;
  int status = 0;
  for (int i = first; i < count; i++) {
    int number = strcmp(arguments[i], "EXIT") == 0 ? 0 : signal_number(arguments[i]);
    if (number < 0 || number >= SIGNALS || number == SIGKILL || number == SIGSTOP) {
      complain("trap: %s is not a signal that can be trapped", arguments[i]);
      status = 1;
    } else {
      set_action(number, is_reset ? NULL : action);
    }
  }
  return status;
}
