#include "lexer.h"
#include "shell.h"
#include "syntax.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void syntax_error(struct lexer *lexer, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "%s: ", shell.name);
  if (lexer->input->kind == INPUT_FILE)
    fprintf(stderr, "line %d: ", lexer->input->line);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  longjmp(*lexer->failed, 1);
}

// The character that comes next, from a new line if need be; 0 at the end.
static char peek(struct lexer *lexer) {
  while (!lexer->is_ended && (lexer->line == NULL || lexer->line[lexer->at] == 0)) {
    bool is_continued = lexer->line != NULL;
    lexer->line = input_line(lexer->input, lexer->arena, is_continued);
    lexer->at = 0;
    lexer->is_ended = lexer->line == NULL;
    if (shell.is_interrupted)
      longjmp(*lexer->failed, 1);
  }
  return lexer->is_ended ? 0 : lexer->line[lexer->at];
}

static char take(struct lexer *lexer) {
  char character = peek(lexer);
  if (character != 0)
    lexer->at++;
  return character;
}

// The character after the next one, in the same line.
static char peek_second(struct lexer *lexer) { return peek(lexer) == 0 ? 0 : lexer->line[lexer->at + 1]; }

static void move(struct lexer *lexer, struct text *word) { text_add(word, take(lexer)); }

static void read_single_quoted(struct lexer *lexer, struct text *word) {
  move(lexer, word);
  while (peek(lexer) != '\'') {
    if (peek(lexer) == 0)
      syntax_error(lexer, "a ' is not closed");
    move(lexer, word);
  }
  move(lexer, word);
}

static void read_escaped(struct lexer *lexer, struct text *word) {
  take(lexer);
  if (peek(lexer) == '\n') { // the line goes on
    take(lexer);
    return;
  }
  text_add(word, '\\');
  if (peek(lexer) != 0)
    move(lexer, word);
}

static void read_dollar(struct lexer *lexer, struct text *word);
static void read_double_quoted(struct lexer *lexer, struct text *word);

static void read_backquoted(struct lexer *lexer, struct text *word) {
  move(lexer, word);
  while (peek(lexer) != '`') {
    if (peek(lexer) == 0)
      syntax_error(lexer, "a ` is not closed");
    if (peek(lexer) == '\\')
      move(lexer, word);
    move(lexer, word);
  }
  move(lexer, word);
}

// What may be quoted or substituted inside anything; true when it was.
static bool read_nested(struct lexer *lexer, struct text *word) {
  switch (peek(lexer)) {
  case '\'':
    return read_single_quoted(lexer, word), true;
  case '"':
    return read_double_quoted(lexer, word), true;
  case '\\':
    return read_escaped(lexer, word), true;
  case '`':
    return read_backquoted(lexer, word), true;
  case '$':
    return read_dollar(lexer, word), true;
  default:
    return false;
  }
}

static void read_double_quoted(struct lexer *lexer, struct text *word) {
  move(lexer, word);
  while (peek(lexer) != '"') {
    if (peek(lexer) == 0)
      syntax_error(lexer, "a \" is not closed");
    if (peek(lexer) == '\'' || !read_nested(lexer, word))
      move(lexer, word);
  }
  move(lexer, word);
}

// From an opening bracket to the closing one that belongs to it. Inside parentheses a # may begin a comment.
static void read_bracketed(struct lexer *lexer, struct text *word, char open, char close) {
  int depth = 0;
  do {
    char next = peek(lexer);
    if (next == 0)
      syntax_error(lexer, "a %c is not closed", open);
    bool begins_word = word->length > 0 && strchr(" \t\n;(", word->start[word->length - 1]) != NULL;
    if (open == '(' && next == '#' && begins_word) {
      while (peek(lexer) != '\n' && peek(lexer) != 0)
        take(lexer);
      continue;
    }
    depth += (next == open) - (next == close);
    if (!read_nested(lexer, word))
      move(lexer, word);
  } while (depth > 0);
}

static void read_dollar(struct lexer *lexer, struct text *word) {
  move(lexer, word);
  if (peek(lexer) == '(')
    read_bracketed(lexer, word, '(', ')');
  else if (peek(lexer) == '{')
    read_bracketed(lexer, word, '{', '}');
}

static struct token read_word(struct lexer *lexer) {
  struct text word = {.arena = lexer->arena};
  bool is_number = true;
  while (peek(lexer) != 0 && strchr(" \t\n;&|<>()", peek(lexer)) == NULL) {
    is_number = is_number && isdigit((unsigned char)peek(lexer));
    if (!read_nested(lexer, &word))
      move(lexer, &word);
  }
  is_number = is_number && word.length > 0 && (peek(lexer) == '<' || peek(lexer) == '>');
  return (struct token){is_number ? TOKEN_NUMBER : TOKEN_WORD, text_finish(&word)};
}

// Longer ones before those they begin with.
static const struct {
  const char *text;
  enum token_kind kind;
} operators[] = {
    {"<<-", TOKEN_HERE_INDENTED},
    {"<<", TOKEN_HERE},
    {"<&", TOKEN_DUPLICATE_INPUT},
    {"<>", TOKEN_READ_WRITE},
    {"<", TOKEN_LESS},
    {">>", TOKEN_APPEND},
    {">&", TOKEN_DUPLICATE_OUTPUT},
    {">|", TOKEN_CLOBBER},
    {">", TOKEN_GREATER},
    {"&&", TOKEN_AND},
    {"&", TOKEN_AMPERSAND},
    {"||", TOKEN_OR},
    {"|", TOKEN_PIPE},
    {";;", TOKEN_DOUBLE_SEMICOLON},
    {";", TOKEN_SEMICOLON},
    {"(", TOKEN_LEFT},
    {")", TOKEN_RIGHT},
};

void lexer_await_here_document(struct lexer *lexer, struct redirection *redirection, bool is_indented) {
  if (lexer->waiting_count == (int)(sizeof lexer->waiting / sizeof lexer->waiting[0]))
    syntax_error(lexer, "too many here-documents in one line");
  lexer->waiting_indented[lexer->waiting_count] = is_indented;
  lexer->waiting[lexer->waiting_count++] = redirection;
}

static void read_here_document(struct lexer *lexer, struct redirection *redirection, bool is_indented) {
  char *delimiter = remove_quotes(lexer->arena, redirection->target);
  redirection->is_literal = strpbrk(redirection->target, "'\"\\") != NULL;
  struct text body = {.arena = lexer->arena};
  size_t length = strlen(delimiter);
  for (;;) {
    char *line = input_line(lexer->input, lexer->arena, true);
    if (line == NULL)
      break;
    if (is_indented)
      line += strspn(line, "\t");
    if (strncmp(line, delimiter, length) == 0 && (line[length] == '\n' || line[length] == 0))
      break;
    text_add_string(&body, line);
  }
  redirection->target = text_finish(&body);
}

static struct token read_newline(struct lexer *lexer) {
  take(lexer);
  for (int i = 0; i < lexer->waiting_count; i++)
    read_here_document(lexer, lexer->waiting[i], lexer->waiting_indented[i]);
  lexer->waiting_count = 0;
  return (struct token){TOKEN_NEWLINE, (char *)"newline"};
}

static void skip_blanks(struct lexer *lexer) {
  for (;;) {
    char next = peek(lexer);
    if (next == ' ' || next == '\t') {
      take(lexer);
    } else if (next == '\\' && peek_second(lexer) == '\n') {
      take(lexer), take(lexer);
    } else if (next == '#') {
      while (peek(lexer) != '\n' && peek(lexer) != 0)
        take(lexer);
    } else {
      return;
    }
  }
}

static struct token read_token(struct lexer *lexer) {
  skip_blanks(lexer);
  char next = peek(lexer);
  if (next == 0)
    return (struct token){TOKEN_END, (char *)"end of input"};
  lexer->token_start = lexer->line + lexer->at;
  if (next == '\n')
    return read_newline(lexer);
  for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
    size_t length = strlen(operators[i].text);
    if (strncmp(lexer->line + lexer->at, operators[i].text, length) == 0) {
      lexer->at += length;
      return (struct token){operators[i].kind, (char *)operators[i].text};
    }
  }
  return read_word(lexer);
}

const struct token *lexer_peek(struct lexer *lexer) {
  if (!lexer->is_ready)
    lexer->token = read_token(lexer);
  lexer->is_ready = true;
  return &lexer->token;
}

struct token lexer_take(struct lexer *lexer) {
  struct token token = *lexer_peek(lexer);
  lexer->is_ready = false;
  return token;
}

char *remove_quotes(struct arena *arena, const char *word) {
  struct text plain = {.arena = arena};
  char quote = 0;
  for (; *word != 0; word++) {
    if (*word == quote)
      quote = 0;
    else if (quote == 0 && (*word == '\'' || *word == '"'))
      quote = *word;
    else if (*word == '\\' && quote != '\'' && word[1] != 0)
      text_add(&plain, *++word);
    else
      text_add(&plain, *word);
  }
  return text_finish(&plain);
}
