// Puts what the three kinds of threads show side by side, and says whether it is what the textbook says.
#include "run.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MODELS = 3, ROWS = 32 };

static const char *const models[MODELS] = {"many-to-one", "one-to-one", "many-to-many"};

static struct row {
  char key[48];
  char values[MODELS][24];
} rows[ROWS];
static unsigned row_count;

static unsigned surprises;

// The row with this key, which is made if there is none yet.
static struct row *row_named(const char *key) {
  for (unsigned i = 0; i < row_count; i++)
    if (strcmp(rows[i].key, key) == 0)
      return &rows[i];
  if (row_count == ROWS) {
    fprintf(stderr, "threads: more than %d rows\n", ROWS);
    exit(EXIT_FAILURE);
  }
  struct row *row = &rows[row_count++];
  snprintf(row->key, sizeof row->key, "%s", key);
  return row;
}

static void enter(const char *key, unsigned model, const char *value) {
  struct row *row = row_named(key);
  snprintf(row->values[model], sizeof row->values[model], "%s", value);
}

static void enter_lines(char *text, unsigned model) {
  char *rest;
  for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
    char *separator = strstr(line, ": ");
    if (separator == NULL)
      continue;
    *separator = '\0';
    enter(line, model, separator + 2);
  }
}

static void show(unsigned model) {
  char name[32], output[2048];
  snprintf(name, sizeof name, "threads-%s", models[model]);
  enum ending ending = run(name, NULL, output, sizeof output);
  enter_lines(output, model);
  enter("ends", model, ending_name(ending));
  enter("after a deadlock", model, ending_name(run(name, "deadlock", output, sizeof output)));
  enter("after a stack overflow", model, ending_name(run(name, "overflow", output, sizeof output)));
}

static void expect(const char *key, const char *many_to_one, const char *one_to_one,
                   const char *many_to_many) {
  const char *const expected[MODELS] = {many_to_one, one_to_one, many_to_many};
  const struct row *row = row_named(key);
  for (unsigned i = 0; i < MODELS; i++) {
    if (strcmp(row->values[i], expected[i]) == 0)
      continue;
    printf("SURPRISE: %s, %s: \"%s\", expected \"%s\"\n", models[i], key, row->values[i], expected[i]);
    surprises++;
  }
}

static void expect_of_all(const char *key, const char *value) { expect(key, value, value, value); }

static void print_table(void) {
  printf("%-36s", "");
  for (unsigned i = 0; i < MODELS; i++)
    printf("%15s", models[i]);
  for (unsigned i = 0; i < row_count; i++) {
    printf("\n%-36s", rows[i].key);
    for (unsigned model = 0; model < MODELS; model++)
      printf("%15s", rows[i].values[model]);
  }
  printf("\n\n");
}

int main(void) {
  for (unsigned i = 0; i < MODELS; i++)
    show(i);
  print_table();
  puts("\"ran\" counts the threads that made progress while one more waited in a read of an empty pipe.\n"
       "read() is the kernel's: it takes the kernel thread with it, and all that only it could carry (in\n"
       "many-to-many one may run at a time here). thread_read() is the library's: many-to-one asks by poll\n"
       "first (a jacket), many-to-many has another kernel thread take over.");

  expect("ran during read()", "0 of 3", "3 of 3", "0 of 3");
  expect_of_all("ran during thread_read()", "3 of 3");
  expect_of_all("bounded buffer", "ok");
  expect_of_all("own registers, rounding and values", "ok");
  expect_of_all("sleepers wake in order", "ok");
  expect_of_all("detached threads", "ok");
  expect_of_all("mutual exclusion", "ok");
  expect_of_all("ends", "well");
  expect("after a deadlock", "reported", "hangs", "reported");
  expect_of_all("after a stack overflow", "killed");
  if (surprises == 0)
    puts("threads: all as expected");
  return surprises == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
