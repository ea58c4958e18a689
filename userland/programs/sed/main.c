// Edits lines as they pass: substitution, deletion, printing.

#include "input.h"
#include "usage.h"
#include <ctype.h>
#include <err.h>
#include <regex.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COMMANDS 64
#define GROUPS   10

struct address {
  enum { ADDRESS_NONE, ADDRESS_LINE, ADDRESS_LAST, ADDRESS_PATTERN } kind;
  long line;
  regex_t pattern;
};

struct command {
  struct address from, to;
  bool is_inverted, in_range;
  char letter; // s, d, p, q, =
  regex_t pattern;
  char *replacement;
  bool is_global, prints;
  long which; // which match is replaced, from 1
};

static struct command commands[COMMANDS];
static int command_count;
static bool is_quiet, has_quit;
static int regex_flags;
static long line_number;
static char *next; // read ahead, to know which line is the last

static void *must(void *memory) {
  if (memory == NULL)
    err(1, "out of memory");
  return memory;
}

// The text up to the next unescaped `delimiter`, behind which *script is left. "\n" becomes a newline.
static char *take_until(const char **script, char delimiter) {
  char *text = must(malloc(strlen(*script) + 1)), *end = text;
  while (**script != delimiter) {
    if (**script == 0 || **script == '\n')
      errx(1, "a %c is missing in the script", delimiter);
    if (**script == '\\' && (*script)[1] == delimiter) {
      ++*script;
    } else if (**script == '\\' && (*script)[1] == 'n') {
      *end++ = '\n';
      *script += 2;
      continue;
    } else if (**script == '\\' && (*script)[1] != 0) {
      *end++ = *(*script)++;
    }
    *end++ = *(*script)++;
  }
  ++*script;
  *end = 0;
  return text;
}

static void compile(regex_t *pattern, const char *text, int flags) {
  int problem = regcomp(pattern, text, regex_flags | flags);
  if (problem == 0)
    return;
  char message[128];
  regerror(problem, pattern, message, sizeof message);
  errx(1, "%s: %s", text, message);
}

static bool parse_address(const char **script, struct address *address) {
  if (isdigit((unsigned char)**script)) {
    address->kind = ADDRESS_LINE;
    address->line = strtol(*script, (char **)script, 10);
  } else if (**script == '$') {
    address->kind = ADDRESS_LAST;
    ++*script;
  } else if (**script == '/') {
    ++*script;
    address->kind = ADDRESS_PATTERN;
    compile(&address->pattern, take_until(script, '/'), 0);
  }
  return address->kind != ADDRESS_NONE;
}

static void parse_substitution(const char **script, struct command *command) {
  char delimiter = *(*script)++;
  if (delimiter == 0 || delimiter == '\n')
    errx(1, "s needs /PATTERN/REPLACEMENT/");
  char *pattern = take_until(script, delimiter);
  command->replacement = take_until(script, delimiter);
  command->which = 1;
  int flags = 0;
  for (;; ++*script) {
    if (**script == 'g')
      command->is_global = true;
    else if (**script == 'p')
      command->prints = true;
    else if (**script == 'i' || **script == 'I')
      flags = REG_ICASE;
    else if (**script >= '1' && **script <= '9')
      command->which = **script - '0';
    else
      break;
  }
  compile(&command->pattern, pattern, flags);
}

static void parse_script(const char *script) {
  for (;;) {
    script += strspn(script, " \t\n;");
    if (*script == 0)
      return;
    if (command_count == COMMANDS)
      errx(1, "at most %d commands", COMMANDS);
    struct command *command = &commands[command_count++];
    if (parse_address(&script, &command->from) && *script == ',') {
      script++;
      if (!parse_address(&script, &command->to))
        errx(1, "an address is missing behind the comma");
    }
    script += strspn(script, " \t");
    if (*script == '!') {
      command->is_inverted = true;
      script++;
    }
    command->letter = *script;
    if (*script == 0 || strchr("sdpq=", *script) == NULL)
      errx(1, "there is no command %c; there are s, d, p, q and =", *script == 0 ? ' ' : *script);
    script++;
    if (command->letter == 's')
      parse_substitution(&script, command);
    script += strspn(script, " \t");
    if (*script != 0 && *script != ';' && *script != '\n')
      errx(1, "unexpected behind a command: %s", script);
  }
}

static bool matches(const struct address *address, const char *line) {
  switch (address->kind) {
  case ADDRESS_LINE:
    return line_number == address->line;
  case ADDRESS_LAST:
    return next == NULL;
  case ADDRESS_PATTERN:
    return regexec(&address->pattern, line, 0, NULL, 0) == 0;
  default:
    return true;
  }
}

static bool is_selected(struct command *command, const char *line) {
  if (command->to.kind == ADDRESS_NONE)
    return matches(&command->from, line) != command->is_inverted;
  bool is_in = command->in_range || matches(&command->from, line);
  if (command->in_range || (is_in && command->to.kind == ADDRESS_LINE))
    command->in_range =
        command->to.kind == ADDRESS_LINE ? line_number < command->to.line : !matches(&command->to, line);
  else if (is_in)
    command->in_range = true;
  return is_in != command->is_inverted;
}

struct result {
  char *text;
  size_t length, room;
};

static void append(struct result *result, const char *text, size_t length) {
  if (result->length + length + 1 > result->room) {
    result->room = (result->length + length + 1) * 2;
    result->text = must(realloc(result->text, result->room));
  }
  memcpy(result->text + result->length, text, length);
  result->length += length;
  result->text[result->length] = 0;
}

static void append_replacement(struct result *result, const char *replacement, const char *line,
                               const regmatch_t *groups) {
  for (; *replacement != 0; replacement++) {
    int group = *replacement == '&' ? 0 : -1;
    if (*replacement == '\\' && replacement[1] != 0) {
      replacement++;
      group = isdigit((unsigned char)*replacement) ? *replacement - '0' : -1;
    }
    if (group < 0)
      append(result, replacement, 1);
    else if (groups[group].rm_so >= 0)
      append(result, line + groups[group].rm_so, (size_t)(groups[group].rm_eo - groups[group].rm_so));
  }
}

// Substitutes in *line, which was allocated; true when there was something to.
static bool substitute(struct command *command, char **line) {
  struct result result = {0};
  regmatch_t groups[GROUPS];
  const char *rest = *line;
  bool is_changed = false;
  append(&result, "", 0);
  for (long number = 1; regexec(&command->pattern, rest, GROUPS, groups, rest == *line ? 0 : REG_NOTBOL) == 0;
       number++) {
    append(&result, rest, (size_t)groups[0].rm_so);
    bool is_meant = number == command->which || (command->is_global && number > command->which);
    if (is_meant)
      append_replacement(&result, command->replacement, rest, groups);
    else
      append(&result, rest + groups[0].rm_so, (size_t)(groups[0].rm_eo - groups[0].rm_so));
    is_changed = is_changed || is_meant;
    bool is_empty = groups[0].rm_eo == groups[0].rm_so;
    rest += groups[0].rm_eo;
    if (is_empty && *rest != 0) // step over a character, or the same place would match for ever
      append(&result, rest++, 1);
    else if (is_empty)
      break;
    if (is_meant && !command->is_global)
      break;
  }
  append(&result, rest, strlen(rest));
  free(*line);
  *line = result.text;
  return is_changed;
}

// Runs the script on one line, which it frees.
static void edit(char *line) {
  bool is_deleted = false;
  for (int i = 0; i < command_count && !is_deleted && !has_quit; i++) {
    struct command *command = &commands[i];
    if (!is_selected(command, line))
      continue;
    if (command->letter == 's') {
      if (substitute(command, &line) && command->prints)
        puts(line);
    } else if (command->letter == 'p') {
      puts(line);
    } else if (command->letter == '=') {
      printf("%ld\n", line_number);
    } else if (command->letter == 'd') {
      is_deleted = true;
    } else {
      has_quit = true;
    }
  }
  if (!is_deleted && !is_quiet)
    puts(line);
  free(line);
}

// Edits a line once the next one is there. The last line of one file is followed by the first of the next.
static int edit_file(FILE *file, const char *name) {
  (void)name;
  for (char *line; !has_quit && (line = next_line(file)) != NULL;) {
    char *now = next;
    next = must(strdup(line));
    if (now != NULL) {
      line_number++;
      edit(now);
    }
  }
  return 0;
}

int main(int count, char **arguments) {
  static const char help[] = "sed [-En] SCRIPT [FILE...], or sed [-En] -e SCRIPT... [FILE...]";
  const char *scripts[COMMANDS];
  int script_count = 0, option;
  while ((option = getopt(count, arguments, "Ee:nr")) != -1) {
    if (option == 'n')
      is_quiet = true;
    else if (option == 'E' || option == 'r')
      regex_flags = REG_EXTENDED;
    else if (option == 'e' && script_count < COMMANDS)
      scripts[script_count++] = optarg;
    else
      usage(help);
  }
  if (script_count == 0 && optind == count)
    usage(help);
  if (script_count == 0)
    scripts[script_count++] = arguments[optind++];
  for (int i = 0; i < script_count; i++)
    parse_script(scripts[i]);
  int status = for_each_input(arguments + optind, edit_file);
  if (next != NULL && !has_quit) {
    char *last = next;
    next = NULL;
    line_number++;
    edit(last);
  }
  finish(status);
}
