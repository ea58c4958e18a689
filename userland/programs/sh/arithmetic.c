#include "arithmetic.h"
#include "shell.h"
#include "variables.h"
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct expression {
  const char *text, *at;
  const char *problem; // NULL as long as all is well
  int unevaluated;     // in how many branches that C would not evaluate
};

static int64_t assignment(struct expression *expression);

static void problem(struct expression *expression, const char *what) {
  if (expression->problem == NULL)
    expression->problem = what;
}

static const char *next(struct expression *expression) {
  while (isspace((unsigned char)*expression->at))
    expression->at++;
  return expression->at;
}

static bool accept(struct expression *expression, const char *symbol) {
  if (strncmp(next(expression), symbol, strlen(symbol)) != 0)
    return false;
  expression->at += strlen(symbol);
  return true;
}

static size_t name_at(const char *text) {
  size_t length = 0;
  while (is_name(text, length + 1))
    length++;
  return length;
}

static int64_t number(struct expression *expression) {
  char *end;
  errno = 0;
  int64_t value = strtoll(expression->at, &end, 0);
  if (errno != 0)
    problem(expression, "a number is too large");
  if (isalnum((unsigned char)*end))
    problem(expression, "not a number");
  expression->at = end;
  return value;
}

static int64_t variable(struct expression *expression, size_t length) {
  char name[256];
  snprintf(name, sizeof name, "%.*s", (int)length, expression->at);
  const char *value = variable_get(name);
  expression->at += length;
  if (value == NULL || *value == 0)
    return 0;
  char *end;
  int64_t result = strtoll(value, &end, 0);
  if (*end != 0)
    problem(expression, "a variable does not hold a number");
  return result;
}

static int64_t primary(struct expression *expression) {
  if (accept(expression, "(")) {
    int64_t value = assignment(expression);
    if (!accept(expression, ")"))
      problem(expression, "a ) is missing");
    return value;
  }
  if (isdigit((unsigned char)*next(expression)))
    return number(expression);
  size_t length = name_at(expression->at);
  if (length > 0)
    return variable(expression, length);
  problem(expression, "an operand is missing");
  return 0;
}

// Arithmetic is on unsigned numbers inside, where overflow is defined.
static int64_t unary(struct expression *expression) {
  if (accept(expression, "-"))
    return (int64_t)(0 - (uint64_t)unary(expression));
  if (accept(expression, "+"))
    return unary(expression);
  if (accept(expression, "~"))
    return ~unary(expression);
  if (strncmp(next(expression), "!=", 2) != 0 && accept(expression, "!"))
    return !unary(expression);
  return primary(expression);
}

struct operator_level {
  const char *symbols[5];
};

// From the operators that bind weakest. A symbol that another begins with stands behind that one.
static const struct operator_level levels[] = {
    {{"||"}},
    {{"&&"}},
    {{"|"}},
    {{"^"}},
    {{"&"}},
    {{"==", "!="}},
    {{"<=", ">=", "<", ">"}},
    {{"<<", ">>"}},
    {{"+", "-"}},
    {{"*", "/", "%"}},
};

#define LEVEL_COUNT (sizeof levels / sizeof levels[0])

static int64_t apply(struct expression *expression, const char *symbol, int64_t left, int64_t right) {
  uint64_t a = (uint64_t)left, b = (uint64_t)right;
  if (*symbol == '/' || *symbol == '%') {
    if (right == 0 && expression->unevaluated == 0)
      problem(expression, "division by zero");
    if (right == 0)
      return 0;
    if (right == -1)
      return *symbol == '/' ? (int64_t)(0 - a) : 0;
    return *symbol == '/' ? left / right : left % right;
  }
  if (strcmp(symbol, "<<") == 0)
    return (int64_t)(a << (b & 63));
  if (strcmp(symbol, ">>") == 0)
    return left >> (b & 63);
  if (strcmp(symbol, "<=") == 0)
    return left <= right;
  if (strcmp(symbol, ">=") == 0)
    return left >= right;
  if (strcmp(symbol, "==") == 0)
    return left == right;
  if (strcmp(symbol, "!=") == 0)
    return left != right;
  switch (*symbol) {
  case '<':
    return left < right;
  case '>':
    return left > right;
  case '|':
    return left | right;
  case '^':
    return left ^ right;
  case '&':
    return left & right;
  case '+':
    return (int64_t)(a + b);
  case '-':
    return (int64_t)(a - b);
  default:
    return (int64_t)(a * b);
  }
}

// The operator of this level that comes next, or NULL.
static const char *accept_operator(struct expression *expression, const struct operator_level *level) {
  for (int i = 0; i < 5 && level->symbols[i] != NULL; i++) {
    const char *symbol = level->symbols[i], *at = next(expression);
    size_t length = strlen(symbol);
    // "a | | b" and "a |= b" are not operators of this level; "a <= b" is looked for before "a < b".
    bool is_longer =
        at[0] != 0 && length == 1 && (at[1] == '=' || (strchr("|&<>", *symbol) != NULL && at[1] == *symbol));
    if (strncmp(at, symbol, length) == 0 && !is_longer &&
        !(length == 2 && at[2] == '=' && strchr("<>", *at) != NULL && at[1] == at[0])) {
      expression->at += length;
      return symbol;
    }
  }
  return NULL;
}

static int64_t binary(struct expression *expression, size_t level) {
  if (level == LEVEL_COUNT)
    return unary(expression);
  int64_t left = binary(expression, level + 1);
  const char *symbol;
  while (expression->problem == NULL && (symbol = accept_operator(expression, &levels[level])) != NULL) {
    bool is_logical = level < 2;
    bool is_decided = is_logical && (left != 0) == (level == 0);
    expression->unevaluated += is_decided;
    int64_t right = binary(expression, level + 1);
    expression->unevaluated -= is_decided;
    if (is_logical)
      left = level == 0 ? left || right : left && right;
    else
      left = apply(expression, symbol, left, right);
  }
  return left;
}

static int64_t conditional(struct expression *expression) {
  int64_t condition = binary(expression, 0);
  if (!accept(expression, "?"))
    return condition;
  expression->unevaluated += condition == 0;
  int64_t yes = assignment(expression);
  expression->unevaluated -= condition == 0;
  if (!accept(expression, ":"))
    problem(expression, "a : is missing");
  expression->unevaluated += condition != 0;
  int64_t no = assignment(expression);
  expression->unevaluated -= condition != 0;
  return condition != 0 ? yes : no;
}

// NAME = ..., NAME += ... and so on, or no assignment at all.
static int64_t assignment(struct expression *expression) {
  static const char *const symbols[] = {"<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "="};
  const char *start = next(expression);
  size_t length = name_at(start);
  if (length == 0)
    return conditional(expression);
  struct expression after = {.text = expression->text, .at = start + length};
  for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
    if (strncmp(next(&after), "==", 2) == 0 || !accept(&after, symbols[i]))
      continue;
    int64_t old = symbols[i][0] == '=' ? 0 : variable(expression, length);
    expression->at = after.at;
    int64_t value = assignment(expression);
    if (symbols[i][0] != '=') {
      char symbol[3] = {symbols[i][0], symbols[i][1] == symbols[i][0] ? symbols[i][1] : 0};
      value = apply(expression, symbol, old, value);
    }
    char name[256], text[24];
    snprintf(name, sizeof name, "%.*s", (int)length, start);
    snprintf(text, sizeof text, "%" PRId64, value);
    if (expression->problem == NULL && expression->unevaluated == 0 && !variable_set(name, text))
      problem(expression, "a variable cannot be set");
    return value;
  }
  return conditional(expression);
}

bool arithmetic(const char *text, int64_t *value) {
  struct expression expression = {.text = text, .at = text};
  *value = *next(&expression) == 0 ? 0 : assignment(&expression);
  if (expression.problem == NULL && *next(&expression) != 0)
    problem(&expression, "an operator is missing");
  if (expression.problem != NULL)
    fail("$((%s)): %s", text, expression.problem);
  return expression.problem == NULL;
}
