#include "expand.h"
#include "arithmetic.h"
#include "execute.h"
#include "shell.h"
#include "variables.h"
#include <ctype.h>
#include <fnmatch.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// What later steps may do with a character.
enum mark {
  MARK_LITERAL = 'l',  // typed unquoted: may be part of a pattern
  MARK_EXPANDED = 'e', // came from an expansion: may also separate fields
  MARK_QUOTED = 'q',   // nothing
  MARK_EMPTY = '0',    // no character at all: quotes with nothing in between make a field
  MARK_BREAK = 'b',    // no character at all: between two words of "$@"
};

// A word in the middle of its expansion: characters, and a mark for each.
struct expansion {
  struct text characters, marks;
  bool has_failed;
};

static void put(struct expansion *expansion, char character, enum mark mark) {
  text_add(&expansion->characters, character);
  text_add(&expansion->marks, (char)mark);
}

static void put_string(struct expansion *expansion, const char *string, enum mark mark) {
  while (*string != 0)
    put(expansion, *string++, mark);
}

static void expand(struct expansion *expansion, const char *word, bool is_quoted);

static char *concatenate(const struct expansion *expansion) {
  struct text plain = {.arena = &shell.scratch};
  for (size_t i = 0; i < expansion->marks.length; i++) {
    if (expansion->marks.start[i] == MARK_BREAK)
      text_add(&plain, ' ');
    else if (expansion->marks.start[i] != MARK_EMPTY)
      text_add(&plain, expansion->characters.start[i]);
  }
  return text_finish(&plain);
}

static char *escape(const struct expansion *expansion, size_t from, size_t to) {
  struct text pattern = {.arena = &shell.scratch};
  for (size_t i = from; i < to; i++) {
    if (expansion->marks.start[i] == MARK_EMPTY)
      continue;
    if (expansion->marks.start[i] == MARK_QUOTED && strchr("*?[]\\", expansion->characters.start[i]) != NULL)
      text_add(&pattern, '\\');
    text_add(&pattern, expansion->characters.start[i]);
  }
  return text_finish(&pattern);
}

static struct expansion begin(void) {
  return (struct expansion){.characters.arena = &shell.scratch, .marks.arena = &shell.scratch};
}

static const char *field_separators(void) {
  const char *separators = variable_get("IFS");
  return separators == NULL ? " \t\n" : separators;
}

// $* and $@; only a quoted $@ keeps its words apart whatever they contain.
static void put_arguments(struct expansion *expansion, char which, bool is_quoted) {
  const char *separators = field_separators();
  for (int i = 0; i < shell.argument_count; i++) {
    if (i > 0 && which == '@' && is_quoted)
      put(expansion, ' ', MARK_BREAK);
    else if (i > 0 && is_quoted && *separators != 0)
      put(expansion, *separators, MARK_QUOTED);
    else if (i > 0)
      put(expansion, ' ', MARK_BREAK);
    if (is_quoted)
      put(expansion, 0, MARK_EMPTY);
    put_string(expansion, shell.arguments[i], is_quoted ? MARK_QUOTED : MARK_EXPANDED);
  }
}

// The value of any parameter but $* and $@; NULL when it is not set.
static const char *parameter(const char *name) {
  struct arena *scratch = &shell.scratch;
  if (isdigit((unsigned char)*name)) {
    long number = strtol(name, NULL, 10);
    if (number == 0)
      return shell.name;
    return number <= shell.argument_count ? shell.arguments[number - 1] : NULL;
  }
  switch (*name) {
  case '?':
    return arena_format(scratch, "%d", shell.status);
  case '$':
    return arena_format(scratch, "%d", shell.pid);
  case '!':
    return shell.last_background == 0 ? NULL : arena_format(scratch, "%d", shell.last_background);
  case '#':
    return arena_format(scratch, "%d", shell.argument_count);
  case '-':
    return arena_format(scratch, "%s%s%s%s%s", shell.exits_on_failure ? "e" : "",
                        shell.keeps_patterns ? "f" : "", shell.is_interactive ? "i" : "",
                        shell.refuses_unset ? "u" : "", shell.traces ? "x" : "");
  default:
    return variable_get(name);
  }
}

static size_t parameter_length(const char *text) {
  if (*text != 0 && strchr("?$!#@*-", *text) != NULL)
    return 1;
  size_t length = 0;
  if (isdigit((unsigned char)*text)) {
    while (isdigit((unsigned char)text[length]))
      length++;
  } else {
    while (is_name(text, length + 1))
      length++;
  }
  return length;
}

// ${name%pattern} and its relatives: takes the shortest or longest match off the end or the beginning.
static char *trim(const char *value, const char *pattern, char side, bool is_longest) {
  size_t length = strlen(value);
  bool at_end = side == '%';
  // From the shortest candidate to the longest, or the other way round.
  for (size_t i = 0; i <= length; i++) {
    size_t matched = is_longest ? length - i : i;
    const char *rest = at_end ? value + length - matched : value;
    char *candidate = arena_copy(&shell.scratch, rest, matched);
    if (fnmatch(pattern, candidate, 0) == 0)
      return at_end ? arena_copy(&shell.scratch, value, length - matched)
                    : arena_string(&shell.scratch, value + matched);
  }
  return arena_string(&shell.scratch, value);
}

static void put_value(struct expansion *expansion, const char *name, bool is_quoted) {
  if (*name == '@' || *name == '*') {
    put_arguments(expansion, *name, is_quoted);
    return;
  }
  const char *value = parameter(name);
  if (value == NULL && shell.refuses_unset) {
    fail("%s is not set", name);
    expansion->has_failed = true;
    return;
  }
  if (value != NULL)
    put_string(expansion, value, is_quoted ? MARK_QUOTED : MARK_EXPANDED);
}

static void bad_substitution(struct expansion *expansion, const char *inside) {
  fail("${%s} is not a substitution", inside);
  expansion->has_failed = true;
}

// Behind the bracket that closes the one at `text`; the lexer has made sure that there is one.
static const char *behind_bracket(const char *text, char open, char close) {
  int depth = 0;
  char quote = 0;
  for (; *text != 0; text++) {
    if (*text == '\\' && quote != '\'' && text[1] != 0) {
      text++;
    } else if (quote != 0) {
      if (*text == quote)
        quote = 0;
    } else if (*text == '\'' || *text == '"') {
      quote = *text;
    } else if (*text == open) {
      depth++;
    } else if (*text == close && --depth == 0) {
      return text + 1;
    }
  }
  return text;
}

// The word in "${name-word}" is quoted already; quotes in it mean nothing more, and go.
static char *without_double_quotes(const char *word) {
  struct text plain = {.arena = &shell.scratch};
  while (*word != 0) {
    const char *end = word + 1;
    if (*word == '\\' && word[1] != 0)
      end = word + 2;
    else if (*word == '$' && (word[1] == '(' || word[1] == '{'))
      end = behind_bracket(word + 1, word[1], word[1] == '(' ? ')' : '}');
    if (*word == '"')
      word++;
    while (word < end)
      text_add(&plain, *word++);
  }
  return text_finish(&plain);
}

// ${name-word}, ${name:=word} and their relatives.
static void put_conditional(struct expansion *expansion, const char *name, const char *operation,
                            bool is_quoted) {
  bool counts_empty = *operation == ':';
  char action = operation[counts_empty];
  const char *word = operation + counts_empty + 1;
  if (is_quoted)
    word = without_double_quotes(word);
  bool is_arguments = *name == '@' || *name == '*';
  const char *value = is_arguments ? (shell.argument_count > 0 ? shell.arguments[0] : NULL) : parameter(name);
  bool is_set = value != NULL && !(counts_empty && *value == 0);
  if (action == '+') {
    if (is_set)
      expand(expansion, word, is_quoted);
  } else if (is_set) {
    put_value(expansion, name, is_quoted);
  } else if (action == '-') {
    expand(expansion, word, is_quoted);
  } else {
    char *text = expand_word(word);
    if (text == NULL) {
      expansion->has_failed = true;
    } else if (action == '?') {
      fail("%s: %s", name, *text != 0 ? text : "not set");
      expansion->has_failed = true;
    } else if (!is_name(name, strlen(name)) || !variable_set(name, text)) {
      bad_substitution(expansion, name);
    } else {
      put_value(expansion, name, is_quoted);
    }
  }
}

// What stands between ${ and }.
static void put_braced(struct expansion *expansion, const char *inside, bool is_quoted) {
  struct arena *scratch = &shell.scratch;
  if (inside[0] == '#' && inside[1] != 0 && parameter_length(inside + 1) == strlen(inside + 1)) {
    const char *value = parameter(inside + 1);
    bool is_arguments = inside[1] == '@' || inside[1] == '*';
    size_t length = is_arguments ? (size_t)shell.argument_count : value == NULL ? 0 : strlen(value);
    put_string(expansion, arena_format(scratch, "%zu", length), is_quoted ? MARK_QUOTED : MARK_EXPANDED);
    return;
  }
  size_t length = parameter_length(inside);
  char *name = arena_copy(scratch, inside, length);
  const char *operation = inside + length;
  if (length == 0) {
    bad_substitution(expansion, inside);
  } else if (*operation == 0) {
    put_value(expansion, name, is_quoted);
  } else if (strchr("-=?+", operation[*operation == ':']) != NULL && operation[*operation == ':'] != 0) {
    put_conditional(expansion, name, operation, is_quoted);
  } else if (*operation == '%' || *operation == '#') {
    bool is_longest = operation[1] == operation[0];
    char *pattern = expand_pattern(operation + 1 + is_longest);
    const char *value = parameter(name);
    if (pattern == NULL)
      expansion->has_failed = true;
    else if (value != NULL)
      put_string(expansion, trim(value, pattern, *operation, is_longest),
                 is_quoted ? MARK_QUOTED : MARK_EXPANDED);
  } else {
    bad_substitution(expansion, inside);
  }
}

static void put_command(struct expansion *expansion, const char *command, bool is_quoted) {
  char *output = command_output(command);
  size_t length = strlen(output);
  while (length > 0 && output[length - 1] == '\n')
    output[--length] = 0;
  put_string(expansion, output, is_quoted ? MARK_QUOTED : MARK_EXPANDED);
}

static void put_arithmetic(struct expansion *expansion, const char *inside, bool is_quoted) {
  char *expression = expand_document(inside);
  int64_t value;
  if (expression == NULL || !arithmetic(expression, &value))
    expansion->has_failed = true;
  else
    put_string(expansion, arena_format(&shell.scratch, "%" PRId64, value),
               is_quoted ? MARK_QUOTED : MARK_EXPANDED);
}

// Expands what begins with the $ at `text`; returns what is behind it.
static const char *put_dollar(struct expansion *expansion, const char *text, bool is_quoted) {
  const char *inside = text + 1;
  if (*inside == '(' || *inside == '{') {
    char close = *inside == '(' ? ')' : '}';
    const char *end = behind_bracket(inside, *inside, close);
    size_t length = (size_t)(end - inside);
    bool is_arithmetic = length > 4 && inside[0] == '(' && inside[1] == '(' && end[-2] == ')';
    if (is_arithmetic)
      put_arithmetic(expansion, arena_copy(&shell.scratch, inside + 2, length - 4), is_quoted);
    else if (close == '}')
      put_braced(expansion, arena_copy(&shell.scratch, inside + 1, length - 2), is_quoted);
    else
      put_command(expansion, arena_copy(&shell.scratch, inside + 1, length - 2), is_quoted);
    return end;
  }
  size_t length = isdigit((unsigned char)*inside) ? 1 : parameter_length(inside);
  if (length == 0)
    put(expansion, '$', is_quoted ? MARK_QUOTED : MARK_LITERAL);
  else
    put_value(expansion, arena_copy(&shell.scratch, inside, length), is_quoted);
  return inside + length;
}

static const char *put_backquoted(struct expansion *expansion, const char *text, bool is_quoted) {
  struct text command = {.arena = &shell.scratch};
  for (text++; *text != 0 && *text != '`'; text++) {
    if (*text == '\\' && text[1] != 0 && strchr("$`\\", text[1]) != NULL)
      text++;
    text_add(&command, *text);
  }
  put_command(expansion, text_finish(&command), is_quoted);
  return *text == 0 ? text : text + 1;
}

static const char *put_double_quoted(struct expansion *expansion, const char *text) {
  // An empty "$@" makes no field, anything else in quotes does.
  if (strncmp(text, "\"$@\"", 4) != 0)
    put(expansion, 0, MARK_EMPTY);
  const char *end = text + 1;
  while (*end != 0 && *end != '"') {
    if (*end == '\\' && end[1] != 0)
      end += 2;
    else if (*end == '$' && (end[1] == '(' || end[1] == '{'))
      end = behind_bracket(end + 1, end[1], end[1] == '(' ? ')' : '}');
    else
      end++;
  }
  expand(expansion, arena_copy(&shell.scratch, text + 1, (size_t)(end - text - 1)), true);
  return *end == 0 ? end : end + 1;
}

static const char *put_escaped(struct expansion *expansion, const char *text, bool is_quoted) {
  bool is_escape = text[1] != 0 && (!is_quoted || strchr("$`\"\\\n", text[1]) != NULL);
  if (!is_escape) {
    put(expansion, '\\', MARK_QUOTED);
    return text + 1;
  }
  if (text[1] != '\n')
    put(expansion, text[1], MARK_QUOTED);
  return text + 2;
}

static void expand(struct expansion *expansion, const char *text, bool is_quoted) {
  while (*text != 0 && !expansion->has_failed) {
    if (*text == '$') {
      text = put_dollar(expansion, text, is_quoted);
    } else if (*text == '`') {
      text = put_backquoted(expansion, text, is_quoted);
    } else if (*text == '\\') {
      text = put_escaped(expansion, text, is_quoted);
    } else if (*text == '\'' && !is_quoted) {
      put(expansion, 0, MARK_EMPTY);
      for (text++; *text != 0 && *text != '\''; text++)
        put(expansion, *text, MARK_QUOTED);
      text += *text != 0;
    } else if (*text == '"' && !is_quoted) {
      text = put_double_quoted(expansion, text);
    } else {
      put(expansion, *text++, is_quoted ? MARK_QUOTED : MARK_LITERAL);
    }
  }
}

// ~ and ~/... at the beginning of a word, and of the value of an assignment.
static void expand_with_tilde(struct expansion *expansion, const char *word) {
  const char *home = variable_get("HOME");
  if (*word == '~' && (word[1] == 0 || word[1] == '/') && home != NULL) {
    put_string(expansion, home, MARK_QUOTED);
    word++;
  }
  expand(expansion, word, false);
}

static bool is_pattern(const struct expansion *expansion, size_t from, size_t to) {
  for (size_t i = from; i < to; i++) {
    bool is_plain = expansion->marks.start[i] == MARK_LITERAL || expansion->marks.start[i] == MARK_EXPANDED;
    if (is_plain && strchr("*?[", expansion->characters.start[i]) != NULL)
      return true;
  }
  return false;
}

// A field: the files it names if it is a pattern that names any, or else itself.
static void add_field(struct words *fields, const struct expansion *expansion, size_t from, size_t to) {
  if (!shell.keeps_patterns && is_pattern(expansion, from, to)) {
    glob_t found;
    if (glob(escape(expansion, from, to), 0, NULL, &found) == 0) {
      for (size_t i = 0; i < found.gl_pathc; i++)
        words_add(fields, arena_string(&shell.scratch, found.gl_pathv[i]));
      globfree(&found);
      return;
    }
  }
  struct text field = {.arena = &shell.scratch};
  for (size_t i = from; i < to; i++) {
    if (expansion->marks.start[i] != MARK_EMPTY)
      text_add(&field, expansion->characters.start[i]);
  }
  words_add(fields, text_finish(&field));
}

// Blanks around fields are skipped; any other separator ends a field, even an empty one.
static void split(struct words *fields, const struct expansion *expansion) {
  const char *separators = field_separators();
  size_t length = expansion->marks.length, start = 0;
  bool in_field = false;
  for (size_t i = 0; i < length; i++) {
    char character = expansion->characters.start[i], mark = expansion->marks.start[i];
    bool separates = mark == MARK_EXPANDED && strchr(separators, character) != NULL;
    if (mark != MARK_BREAK && !separates) {
      if (!in_field)
        start = i;
      in_field = true;
      continue;
    }
    bool is_blank = mark == MARK_BREAK || isspace((unsigned char)character);
    bool follows_separator = i > 0 && expansion->marks.start[i - 1] == MARK_EXPANDED &&
                             isspace((unsigned char)expansion->characters.start[i - 1]) && fields->count > 0;
    if (in_field || (!is_blank && !follows_separator))
      add_field(fields, expansion, in_field ? start : i, i);
    in_field = false;
  }
  if (in_field)
    add_field(fields, expansion, start, length);
}

char **expand_words(char **words) {
  struct words fields = {.arena = &shell.scratch};
  for (; *words != NULL; words++) {
    struct expansion expansion = begin();
    expand_with_tilde(&expansion, *words);
    if (expansion.has_failed)
      return NULL;
    split(&fields, &expansion);
  }
  return words_finish(&fields);
}

char *expand_word(const char *word) {
  struct expansion expansion = begin();
  expand_with_tilde(&expansion, word);
  return expansion.has_failed ? NULL : concatenate(&expansion);
}

char *expand_pattern(const char *word) {
  struct expansion expansion = begin();
  expand_with_tilde(&expansion, word);
  return expansion.has_failed ? NULL : escape(&expansion, 0, expansion.marks.length);
}

char *expand_document(const char *text) {
  struct expansion expansion = begin();
  expand(&expansion, text, true);
  return expansion.has_failed ? NULL : concatenate(&expansion);
}
