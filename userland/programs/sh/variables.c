#include "variables.h"
#include "shell.h"
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct variable {
  char *name, *value; // value is NULL when it is not set, but exported or read-only
  bool is_exported, is_read_only;
  struct variable *next; // in the order of names
};

struct function {
  char *name;
  struct node *body;
  struct function *next;
};

// What a local variable hides.
struct hidden {
  char *name, *value;
  bool was_exported;
};

static struct variable *variables;
static struct function *functions;
static struct hidden *hidden;
static int hidden_count;

static void *must(void *memory) {
  if (memory == NULL)
    err(2, "out of memory");
  return memory;
}

static char *copy(const char *text) { return must(strdup(text)); }

bool is_name(const char *text, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (text[i] != '_' && !(i > 0 ? isalnum((unsigned char)text[i]) : isalpha((unsigned char)text[i])))
      return false;
  }
  return length > 0;
}

static struct variable *find(const char *name) {
  struct variable *variable = variables;
  while (variable != NULL && strcmp(variable->name, name) < 0)
    variable = variable->next;
  return variable != NULL && strcmp(variable->name, name) == 0 ? variable : NULL;
}

static struct variable *find_or_make(const char *name) {
  struct variable **place = &variables;
  while (*place != NULL && strcmp((*place)->name, name) < 0)
    place = &(*place)->next;
  if (*place == NULL || strcmp((*place)->name, name) != 0) {
    struct variable *variable = must(malloc(sizeof *variable));
    *variable = (struct variable){.name = copy(name), .next = *place};
    *place = variable;
  }
  return *place;
}

const char *variable_get(const char *name) {
  struct variable *variable = find(name);
  return variable == NULL ? NULL : variable->value;
}

static bool assign(struct variable *variable, const char *value) {
  if (value == NULL)
    return true;
  if (variable->is_read_only) {
    fail("%s is read-only", variable->name);
    return false;
  }
  char *fresh = copy(value);
  free(variable->value);
  variable->value = fresh;
  return true;
}

bool variable_set(const char *name, const char *value) { return assign(find_or_make(name), value); }

bool variable_unset(const char *name) {
  for (struct variable **place = &variables; *place != NULL; place = &(*place)->next) {
    struct variable *variable = *place;
    if (strcmp(variable->name, name) != 0)
      continue;
    if (variable->is_read_only) {
      fail("%s is read-only", name);
      return false;
    }
    *place = variable->next;
    free(variable->name);
    free(variable->value);
    free(variable);
    return true;
  }
  return true;
}

bool variable_export(const char *name, const char *value) {
  struct variable *variable = find_or_make(name);
  variable->is_exported = true;
  return assign(variable, value);
}

void variable_unexport(const char *name) {
  struct variable *variable = find(name);
  if (variable != NULL)
    variable->is_exported = false;
}

bool variable_protect(const char *name, const char *value) {
  struct variable *variable = find_or_make(name);
  bool is_assigned = assign(variable, value);
  variable->is_read_only = true;
  return is_assigned;
}

bool variable_make_local(const char *name, const char *value) {
  struct variable *variable = find(name);
  hidden = must(realloc(hidden, (size_t)(hidden_count + 1) * sizeof *hidden));
  hidden[hidden_count++] = (struct hidden){
      .name = copy(name),
      .value = variable == NULL || variable->value == NULL ? NULL : copy(variable->value),
      .was_exported = variable != NULL && variable->is_exported,
  };
  return variable_set(name, value != NULL ? value : "");
}

int locals_begin(void) { return hidden_count; }

void locals_end(int begin) {
  while (hidden_count > begin) {
    struct hidden *local = &hidden[--hidden_count];
    if (local->value == NULL)
      variable_unset(local->name);
    else if (local->was_exported)
      variable_export(local->name, local->value);
    else
      variable_set(local->name, local->value);
    free(local->name);
    free(local->value);
  }
}

char **variables_environment(struct arena *arena) {
  struct words environment = {.arena = arena};
  for (struct variable *variable = variables; variable != NULL; variable = variable->next) {
    if (variable->is_exported && variable->value != NULL)
      words_add(&environment, arena_format(arena, "%s=%s", variable->name, variable->value));
  }
  return words_finish(&environment);
}

void variables_start(char **environment) {
  for (; *environment != NULL; environment++) {
    const char *equals = strchr(*environment, '=');
    if (equals == NULL || !is_name(*environment, (size_t)(equals - *environment)))
      continue;
    char *name = must(strndup(*environment, (size_t)(equals - *environment)));
    variable_export(name, equals + 1);
    free(name);
  }
}

static void print_quoted(const char *value) {
  putchar('\'');
  for (; *value != 0; value++) {
    if (*value == '\'')
      fputs("'\\''", stdout);
    else
      putchar(*value);
  }
  putchar('\'');
}

void variables_print(const char *prefix) {
  for (struct variable *variable = variables; variable != NULL; variable = variable->next) {
    if ((*prefix == 'e' && !variable->is_exported) || (*prefix == 'r' && !variable->is_read_only))
      continue;
    if (variable->value == NULL && *prefix == 0)
      continue;
    printf("%s%s", prefix, variable->name);
    if (variable->value != NULL) {
      putchar('=');
      print_quoted(variable->value);
    }
    putchar('\n');
  }
}

static struct function **find_function(const char *name) {
  struct function **place = &functions;
  while (*place != NULL && strcmp((*place)->name, name) != 0)
    place = &(*place)->next;
  return place;
}

struct node *function_get(const char *name) {
  struct function *function = *find_function(name);
  return function == NULL ? NULL : function->body;
}

// The old body stays in memory: it may be the one that runs.
void function_set(const char *name, struct node *body) {
  struct function **place = find_function(name);
  if (*place == NULL) {
    *place = must(malloc(sizeof **place));
    **place = (struct function){.name = copy(name)};
  }
  (*place)->body = body;
}

bool function_unset(const char *name) {
  struct function **place = find_function(name);
  struct function *function = *place;
  if (function == NULL)
    return false;
  *place = function->next;
  free(function->name);
  free(function);
  return true;
}
