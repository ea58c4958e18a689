#include "condition.h"
#include "usage.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct expression {
  char **words;
  int count, at;
  const char *problem;
};

static bool alternatives(struct expression *expression);

static const char *word(const struct expression *expression, int ahead) {
  int at = expression->at + ahead;
  return at < expression->count ? expression->words[at] : "";
}

static int left(const struct expression *expression) { return expression->count - expression->at; }

static long number(struct expression *expression, const char *text) {
  char *end;
  long value = strtol(text, &end, 10);
  if (end == text || *end != 0)
    expression->problem = "a number is expected";
  return value;
}

static bool is_unary(const char *text) {
  return text[0] == '-' && text[1] != 0 && text[2] == 0 && strchr("bcdefghLnprsStuwxz", text[1]) != NULL;
}

static bool unary(struct expression *expression, char operation, const char *operand) {
  struct stat status;
  switch (operation) {
  case 'n':
    return *operand != 0;
  case 'z':
    return *operand == 0;
  case 't':
    return isatty((int)number(expression, operand));
  case 'r':
    return access(operand, R_OK) == 0;
  case 'w':
    return access(operand, W_OK) == 0;
  case 'x':
    return access(operand, X_OK) == 0;
  case 'h':
  case 'L':
    return lstat(operand, &status) == 0 && S_ISLNK(status.st_mode);
  }
  if (stat(operand, &status) != 0)
    return false;
  switch (operation) {
  case 'b':
    return S_ISBLK(status.st_mode);
  case 'c':
    return S_ISCHR(status.st_mode);
  case 'd':
    return S_ISDIR(status.st_mode);
  case 'f':
    return S_ISREG(status.st_mode);
  case 'p':
    return S_ISFIFO(status.st_mode);
  case 'S':
    return S_ISSOCK(status.st_mode);
  case 's':
    return status.st_size > 0;
  case 'g':
    return (status.st_mode & S_ISGID) != 0;
  case 'u':
    return (status.st_mode & S_ISUID) != 0;
  default:
    return true; // -e
  }
}

static bool is_newer(const char *left_path, const char *right_path) {
  struct stat left_status, right_status;
  if (stat(left_path, &left_status) != 0)
    return false;
  if (stat(right_path, &right_status) != 0)
    return true;
  struct timespec a = left_status.st_mtim, b = right_status.st_mtim;
  return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

static bool is_binary(const char *text) {
  static const char *const operators[] = {"=",   "==",  "!=",  "<",   ">",   "-eq", "-ne",
                                          "-lt", "-le", "-gt", "-ge", "-nt", "-ot"};
  for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
    if (strcmp(text, operators[i]) == 0)
      return true;
  }
  return false;
}

static bool binary(struct expression *expression, const char *a, const char *operation, const char *b) {
  if (operation[0] != '-') {
    int order = strcmp(a, b);
    return *operation == '='   ? order == 0
           : *operation == '!' ? order != 0
           : *operation == '<' ? order < 0
                               : order > 0;
  }
  if (strcmp(operation, "-nt") == 0)
    return is_newer(a, b);
  if (strcmp(operation, "-ot") == 0)
    return is_newer(b, a);
  long x = number(expression, a), y = number(expression, b);
  if (operation[1] == 'e')
    return x == y;
  if (operation[1] == 'n')
    return x != y;
  if (operation[1] == 'l')
    return operation[2] == 't' ? x < y : x <= y;
  return operation[2] == 't' ? x > y : x >= y;
}

static bool primary(struct expression *expression) {
  if (left(expression) == 0) {
    expression->problem = "an operand is missing";
    return false;
  }
  if (left(expression) >= 3 && is_binary(word(expression, 1))) {
    expression->at += 3;
    return binary(expression, word(expression, -3), word(expression, -2), word(expression, -1));
  }
  if (left(expression) >= 2 && strcmp(word(expression, 0), "!") == 0) {
    expression->at++;
    return !primary(expression);
  }
  if (left(expression) >= 2 && is_unary(word(expression, 0))) {
    expression->at += 2;
    return unary(expression, word(expression, -2)[1], word(expression, -1));
  }
  if (left(expression) >= 3 && strcmp(word(expression, 0), "(") == 0) {
    expression->at++;
    bool value = alternatives(expression);
    if (strcmp(word(expression, 0), ")") != 0)
      expression->problem = "a ) is missing";
    expression->at++;
    return value;
  }
  return *expression->words[expression->at++] != 0;
}

static bool conjunction(struct expression *expression) {
  bool value = primary(expression);
  while (strcmp(word(expression, 0), "-a") == 0 && left(expression) > 1) {
    expression->at++;
    value = primary(expression) && value;
  }
  return value;
}

static bool alternatives(struct expression *expression) {
  bool value = conjunction(expression);
  while (strcmp(word(expression, 0), "-o") == 0 && left(expression) > 1) {
    expression->at++;
    value = conjunction(expression) || value;
  }
  return value;
}

int condition_command(int count, char **arguments) {
  bool is_bracket = strcmp(arguments[0], "[") == 0;
  if (is_bracket && strcmp(arguments[--count], "]") != 0) {
    complain_as(arguments[0], "a ] is missing");
    return 2;
  }
  if (count == 1)
    return 1;
  struct expression expression = {.words = arguments + 1, .count = count - 1};
  bool value = alternatives(&expression);
  if (expression.problem == NULL && left(&expression) > 0)
    expression.problem = "an operator is expected";
  if (expression.problem != NULL) {
    complain_as(arguments[0], "%s", expression.problem);
    return 2;
  }
  return value ? 0 : 1;
}
