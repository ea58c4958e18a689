#pragma once
// From characters to tokens: words and operators.

#include "arena.h"
#include "input.h"
#include <setjmp.h>
#include <stdbool.h>

enum token_kind {
  TOKEN_END,
  TOKEN_NEWLINE,
  TOKEN_WORD,
  TOKEN_NUMBER, // digits right before < or >
  TOKEN_SEMICOLON,
  TOKEN_DOUBLE_SEMICOLON,
  TOKEN_AMPERSAND,
  TOKEN_AND,
  TOKEN_OR,
  TOKEN_PIPE,
  TOKEN_LEFT,
  TOKEN_RIGHT,
  TOKEN_LESS,
  TOKEN_GREATER,
  TOKEN_APPEND,
  TOKEN_READ_WRITE,
  TOKEN_CLOBBER,
  TOKEN_DUPLICATE_INPUT,
  TOKEN_DUPLICATE_OUTPUT,
  TOKEN_HERE,
  TOKEN_HERE_INDENTED,
};

struct token {
  enum token_kind kind;
  char *text;
};

struct lexer {
  struct input *input;
  struct arena *arena;
  char *line; // NULL before the first
  size_t at;  // offset in the line of what comes next
  bool is_ended;
  struct token token;              // the one to be looked at
  bool is_ready;                   // it has been read
  char *token_start;               // where in its line it begins
  struct redirection *waiting[16]; // here-documents whose text begins after this line
  bool waiting_indented[16];
  int waiting_count;
  jmp_buf *failed; // where to go on a syntax error
};

// The token that comes next; it stays the next one until it is taken.
const struct token *lexer_peek(struct lexer *lexer);
struct token lexer_take(struct lexer *lexer);

// Has the text of a here-document read when its line ends. Its target is its delimiter until then.
void lexer_await_here_document(struct lexer *lexer, struct redirection *redirection, bool is_indented);

// Says what is wrong, and where, and gives up the command.
_Noreturn void syntax_error(struct lexer *lexer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// What `word` would be without its quotes, when nothing in it is expanded.
char *remove_quotes(struct arena *arena, const char *word);
