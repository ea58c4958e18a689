// Walks through folders and names what it finds.

#include "usage.h"
#include <dirent.h>
#include <err.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char **tests; // NULL-terminated
static long deepest = 1000000, shallowest;
static int status;

static bool is_empty(const char *path, const struct stat *file) {
  if (!S_ISDIR(file->st_mode))
    return S_ISREG(file->st_mode) && file->st_size == 0;
  DIR *folder = opendir(path);
  int entries = 0;
  while (folder != NULL && entries < 3 && readdir(folder) != NULL)
    entries++;
  if (folder != NULL)
    closedir(folder);
  return entries == 2; // itself and its parent
}

static char type_letter(mode_t mode) {
  return S_ISDIR(mode)    ? 'd'
         : S_ISLNK(mode)  ? 'l'
         : S_ISCHR(mode)  ? 'c'
         : S_ISBLK(mode)  ? 'b'
         : S_ISFIFO(mode) ? 'p'
         : S_ISSOCK(mode) ? 's'
                          : 'f';
}

// -size: N blocks of 512, Nc bytes, Nk KiB, NM MiB; + is more, - less.
static bool has_size(const char *text, int64_t size) {
  char sign = *text == '+' || *text == '-' ? *text++ : 0, *end;
  int64_t number = strtoll(text, &end, 10), unit = *end == 'c'   ? 1
                                                   : *end == 'k' ? 1024
                                                   : *end == 'M' ? 1 << 20
                                                                 : 512;
  int64_t units = (size + unit - 1) / unit;
  return sign == '+' ? units > number : sign == '-' ? units < number : units == number;
}

// Runs the words up to ";", with the path for each "{}". Moves *words to the ";".
static bool execute(char ***words, const char *path) {
  static char *command[256];
  int count = 0;
  for (; **words != NULL && strcmp(**words, ";") != 0; ++*words) {
    if (count < 255)
      command[count++] = strcmp(**words, "{}") == 0 ? (char *)path : **words;
  }
  if (**words == NULL || count == 0)
    errx(2, "-exec needs a program, and a \";\" at its end");
  command[count] = NULL;
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) {
    execvp(command[0], command);
    err(127, "%s", command[0]);
  }
  int result = 1;
  if (pid > 0)
    waitpid(pid, &result, 0);
  return result == 0;
}

static const char *argument_of(char ***word) {
  if ((*word)[1] == NULL)
    errx(2, "%s needs an argument", **word);
  return *++*word;
}

// Whether all tests hold; those that act (-print, -exec, -delete) hold when they succeed.
static void visit(const char *path, const char *name, const struct stat *file) {
  bool has_acted = false, is_inverted = false;
  for (char **word = tests; *word != NULL; word++) {
    const char *test = *word;
    bool holds;
    if (strcmp(test, "!") == 0 || strcmp(test, "-not") == 0) {
      is_inverted = !is_inverted;
      continue;
    }
    if (strcmp(test, "-name") == 0) {
      holds = fnmatch(argument_of(&word), name, 0) == 0;
    } else if (strcmp(test, "-type") == 0) {
      holds = *argument_of(&word) == type_letter(file->st_mode);
    } else if (strcmp(test, "-size") == 0) {
      holds = has_size(argument_of(&word), file->st_size);
    } else if (strcmp(test, "-empty") == 0) {
      holds = is_empty(path, file);
    } else if (strcmp(test, "-maxdepth") == 0 || strcmp(test, "-mindepth") == 0) {
      argument_of(&word);
      holds = true;
    } else if (strcmp(test, "-print") == 0) {
      puts(path);
      holds = has_acted = true;
    } else if (strcmp(test, "-delete") == 0) {
      holds = (S_ISDIR(file->st_mode) ? rmdir : unlink)(path) == 0;
      has_acted = true;
      if (!holds) {
        warn("%s", path);
        status = 1;
      }
    } else if (strcmp(test, "-exec") == 0) {
      word++;
      holds = execute(&word, path);
      has_acted = true;
    } else {
      errx(2, "there is no test %s", test);
    }
    if (holds == is_inverted)
      return;
    is_inverted = false;
  }
  if (!has_acted)
    puts(path);
}

static void walk(const char *path, const char *name, long depth, bool is_depth_first) {
  struct stat file;
  if (lstat(path, &file) != 0) {
    warn("%s", path);
    status = 1;
    return;
  }
  if (!is_depth_first && depth >= shallowest)
    visit(path, name, &file);
  if (S_ISDIR(file.st_mode) && depth < deepest) {
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    if (count < 0) {
      warn("%s", path);
      status = 1;
    }
    for (int i = 0; i < count; i++) {
      const char *inner_name = entries[i]->d_name;
      char *inner;
      if (strcmp(inner_name, ".") != 0 && strcmp(inner_name, "..") != 0) {
        if (asprintf(&inner, "%s%s%s", path, strcmp(path, "/") == 0 ? "" : "/", inner_name) < 0)
          err(1, "out of memory");
        walk(inner, inner_name, depth + 1, is_depth_first);
        free(inner);
      }
      free(entries[i]);
    }
    if (count >= 0)
      free(entries);
  }
  if (is_depth_first && depth >= shallowest)
    visit(path, name, &file);
}

static const char *last_component(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash == NULL || slash[1] == 0 ? path : slash + 1;
}

int main(int count, char **arguments) {
  bool is_depth_first = false;
  int first_test = 1;
  while (first_test < count && *arguments[first_test] != '-' && strcmp(arguments[first_test], "!") != 0)
    first_test++;
  tests = arguments + first_test;
  for (int i = first_test; i < count; i++) {
    is_depth_first = is_depth_first || strcmp(arguments[i], "-delete") == 0; // what is inside goes first
    if (i + 1 < count && strcmp(arguments[i], "-maxdepth") == 0)
      deepest = atol(arguments[i + 1]);
    if (i + 1 < count && strcmp(arguments[i], "-mindepth") == 0)
      shallowest = atol(arguments[i + 1]);
  }
  if (first_test == 1)
    walk(".", ".", 0, is_depth_first);
  for (int i = 1; i < first_test; i++)
    walk(arguments[i], last_component(arguments[i]), 0, is_depth_first);
  finish(status);
}
