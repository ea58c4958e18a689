// Runs a program with words from its input as arguments.

#include "quantity.h"
#include "usage.h"
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_BYTES 65536
#define MOST_WORDS 1024

static char *command[MOST_WORDS + 1];
static int fixed, words; // how many were given, and how many there are with those read
static size_t bytes;
static int status;

static void run(void) {
  command[words] = NULL;
  pid_t pid = fork();
  if (pid < 0)
    err(1, "no new process");
  if (pid == 0) {
    execvp(command[0], command);
    err(errno == ENOENT ? 127 : 126, "%s", command[0]);
  }
  int result;
  while (waitpid(pid, &result, 0) < 0 && errno == EINTR)
    ;
  if (!WIFEXITED(result) || WEXITSTATUS(result) >= 126)
    exit(WIFEXITED(result) ? WEXITSTATUS(result) : 125);
  if (WEXITSTATUS(result) != 0)
    status = 123;
  while (words > fixed)
    free(command[--words]);
  bytes = 0;
}

// The next word: blanks separate, quotes and backslashes keep together. NULL at the end.
static char *read_word(bool ends_at_nul) {
  static char word[MOST_BYTES];
  size_t length = 0;
  bool has_begun = false;
  char quote = 0;
  for (int byte; (byte = getchar()) != EOF;) {
    bool separates = ends_at_nul ? byte == 0 : quote == 0 && isspace(byte);
    if (separates && has_begun)
      break;
    if (separates)
      continue;
    has_begun = true;
    if (!ends_at_nul && byte == quote) {
      quote = 0;
      continue;
    }
    if (!ends_at_nul && quote == 0 && (byte == '\'' || byte == '"')) {
      quote = (char)byte;
      continue;
    }
    if (!ends_at_nul && quote == 0 && byte == '\\' && (byte = getchar()) == EOF)
      break;
    if (length + 1 == sizeof word)
      errx(1, "a word is too long");
    word[length++] = (char)byte;
  }
  word[length] = 0;
  if (!has_begun)
    return NULL;
  char *copy = strdup(word);
  if (copy == NULL)
    err(1, "out of memory");
  return copy;
}

int main(int count, char **arguments) {
  static char *echo[] = {(char *)"echo", NULL};
  bool ends_at_nul = false, skips_empty = false;
  int64_t most = MOST_WORDS;
  int option;
  while ((option = getopt(count, arguments, "+0n:r")) != -1) {
    if (option == '0')
      ends_at_nul = true;
    else if (option == 'n')
      most = parse_quantity(optarg, 1, "a number of arguments");
    else if (option == 'r')
      skips_empty = true;
    else
      usage("xargs [-0r] [-n WORDS] [PROGRAM [ARGUMENT...]]");
  }
  for (char **word = optind == count ? echo : arguments + optind; *word != NULL && fixed < MOST_WORDS / 2;
       word++)
    command[fixed++] = *word;
  words = fixed;
  bool has_run = false;
  for (char *word; (word = read_word(ends_at_nul)) != NULL;) {
    if (words > fixed &&
        (words - fixed == most || words == MOST_WORDS || bytes + strlen(word) > MOST_BYTES)) {
      run();
      has_run = true;
    }
    bytes += strlen(word) + 1;
    command[words++] = word;
  }
  if (words > fixed || (!has_run && !skips_empty))
    run();
  return status;
}
