#include "parser.h"
#include "lexer.h"
#include <ctype.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

struct parser {
  struct lexer lexer;
  struct arena *arena;
  bool defines_function;
};

static struct node *make(struct parser *parser, enum node_kind kind) {
  struct node *node = arena_allocate(parser->arena, sizeof *node);
  *node = (struct node){.kind = kind};
  return node;
}

static struct node *make_pair(struct parser *parser, enum node_kind kind, struct node *left,
                              struct node *right) {
  struct node *node = make(parser, kind);
  node->left = left;
  node->right = right;
  return node;
}

static enum token_kind next_kind(struct parser *parser) { return lexer_peek(&parser->lexer)->kind; }

static bool next_is_word(struct parser *parser, const char *text) {
  const struct token *token = lexer_peek(&parser->lexer);
  return token->kind == TOKEN_WORD && strcmp(token->text, text) == 0;
}

static _Noreturn void unexpected(struct parser *parser) {
  syntax_error(&parser->lexer, "syntax error: unexpected %s", lexer_peek(&parser->lexer)->text);
}

static bool accept(struct parser *parser, enum token_kind kind) {
  if (next_kind(parser) != kind)
    return false;
  lexer_take(&parser->lexer);
  return true;
}

static bool accept_word(struct parser *parser, const char *text) {
  if (!next_is_word(parser, text))
    return false;
  lexer_take(&parser->lexer);
  return true;
}

static void require_word(struct parser *parser, const char *text) {
  if (!accept_word(parser, text))
    syntax_error(&parser->lexer, "syntax error: unexpected %s, \"%s\" is missing",
                 lexer_peek(&parser->lexer)->text, text);
}

static void skip_newlines(struct parser *parser) {
  while (accept(parser, TOKEN_NEWLINE))
    ;
}

// Words that end a list, where a command could begin.
static bool next_ends_list(struct parser *parser) {
  static const char *const words[] = {"then", "else", "elif", "fi", "do", "done", "esac", "}"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (next_is_word(parser, words[i]))
      return true;
  }
  enum token_kind kind = next_kind(parser);
  return kind == TOKEN_END || kind == TOKEN_RIGHT || kind == TOKEN_DOUBLE_SEMICOLON;
}

static struct node *parse_and_or(struct parser *parser);

// Commands up to a word or a token that ends them. `until_newline`: a newline ends them too.
static struct node *parse_list(struct parser *parser, bool until_newline) {
  struct node *list = NULL;
  for (;;) {
    if (!until_newline)
      skip_newlines(parser);
    if (next_ends_list(parser) || next_kind(parser) == TOKEN_NEWLINE)
      return list;
    struct node *command = parse_and_or(parser);
    bool is_separated = true;
    if (accept(parser, TOKEN_AMPERSAND))
      command = make_pair(parser, NODE_BACKGROUND, command, NULL);
    else
      is_separated =
          accept(parser, TOKEN_SEMICOLON) || (!until_newline && next_kind(parser) == TOKEN_NEWLINE);
    list = list == NULL ? command : make_pair(parser, NODE_SEQUENCE, list, command);
    if (!is_separated)
      return list;
  }
}

static struct node *parse_body(struct parser *parser) {
  struct node *list = parse_list(parser, false);
  if (list == NULL)
    unexpected(parser);
  return list;
}

static bool redirection_of(enum token_kind token, enum redirection_kind *kind, int *descriptor) {
  *descriptor = token == TOKEN_GREATER || token == TOKEN_CLOBBER || token == TOKEN_APPEND ||
                token == TOKEN_DUPLICATE_OUTPUT;
  switch (token) {
  case TOKEN_LESS:
    *kind = REDIRECT_READ;
    return true;
  case TOKEN_GREATER:
  case TOKEN_CLOBBER:
    *kind = REDIRECT_WRITE;
    return true;
  case TOKEN_APPEND:
    *kind = REDIRECT_APPEND;
    return true;
  case TOKEN_READ_WRITE:
    *kind = REDIRECT_READ_WRITE;
    return true;
  case TOKEN_DUPLICATE_INPUT:
  case TOKEN_DUPLICATE_OUTPUT:
    *kind = REDIRECT_DUPLICATE;
    return true;
  case TOKEN_HERE:
  case TOKEN_HERE_INDENTED:
    *kind = REDIRECT_HERE;
    return true;
  default:
    return false;
  }
}

// Parses one redirection if there is one, and appends it at *end. Returns the new end; NULL if there was
// none.
static struct redirection **parse_redirection(struct parser *parser, struct redirection **end) {
  int given = -1;
  if (next_kind(parser) == TOKEN_NUMBER)
    given = atoi(lexer_take(&parser->lexer).text);
  enum token_kind symbol = next_kind(parser);
  struct redirection *redirection = arena_allocate(parser->arena, sizeof *redirection);
  *redirection = (struct redirection){0};
  if (!redirection_of(symbol, &redirection->kind, &redirection->descriptor))
    return NULL;
  lexer_take(&parser->lexer);
  if (given >= 0)
    redirection->descriptor = given;
  if (next_kind(parser) != TOKEN_WORD && next_kind(parser) != TOKEN_NUMBER)
    unexpected(parser);
  redirection->target = lexer_take(&parser->lexer).text;
  if (redirection->kind == REDIRECT_HERE)
    lexer_await_here_document(&parser->lexer, redirection, symbol == TOKEN_HERE_INDENTED);
  *end = redirection;
  return &redirection->next;
}

static void parse_redirections(struct parser *parser, struct node *node) {
  struct redirection **end = &node->redirections;
  while (*end != NULL)
    end = &(*end)->next;
  while (end != NULL)
    end = parse_redirection(parser, end);
}

static size_t name_length(const char *text) {
  size_t length = 0;
  while (text[length] == '_' ||
         (isalnum((unsigned char)text[length]) && !(length == 0 && isdigit((unsigned char)*text))))
    length++;
  return length;
}

static bool is_assignment(const char *word) {
  size_t length = name_length(word);
  return length > 0 && word[length] == '=';
}

static struct node *parse_command(struct parser *parser);

static struct node *parse_function(struct parser *parser, char *name) {
  if (!accept(parser, TOKEN_RIGHT))
    unexpected(parser);
  skip_newlines(parser);
  struct node *function = make(parser, NODE_FUNCTION);
  function->name = name;
  function->left = parse_command(parser);
  parser->defines_function = true;
  return function;
}

static struct node *parse_simple(struct parser *parser) {
  struct node *node = make(parser, NODE_SIMPLE);
  struct words assignments = {.arena = parser->arena}, words = {.arena = parser->arena};
  struct redirection **end = &node->redirections;
  for (;;) {
    if (next_kind(parser) == TOKEN_WORD) {
      char *word = lexer_take(&parser->lexer).text;
      bool assigns = words.count == 0 && is_assignment(word);
      words_add(assigns ? &assignments : &words, word);
      bool is_first = words.count == 1 && assignments.count == 0 && node->redirections == NULL;
      if (is_first && !assigns && next_kind(parser) == TOKEN_LEFT) {
        // ":" is no name, but people do give it to functions.
        if (word[0] == 0 || (name_length(word) != strlen(word) && strcmp(word, ":") != 0))
          unexpected(parser);
        lexer_take(&parser->lexer);
        return parse_function(parser, word);
      }
      continue;
    }
    struct redirection **further = parse_redirection(parser, end);
    if (further == NULL)
      break;
    end = further;
  }
  if (words.count == 0 && assignments.count == 0 && node->redirections == NULL)
    unexpected(parser);
  node->assignments = words_finish(&assignments);
  node->words = words_finish(&words);
  return node;
}

static struct node *parse_if(struct parser *parser) {
  struct node *node = make(parser, NODE_IF);
  node->condition = parse_body(parser);
  require_word(parser, "then");
  node->left = parse_body(parser);
  if (accept_word(parser, "elif")) {
    node->right = parse_if(parser);
    return node;
  }
  if (accept_word(parser, "else"))
    node->right = parse_body(parser);
  require_word(parser, "fi");
  return node;
}

static struct node *parse_do(struct parser *parser) {
  require_word(parser, "do");
  struct node *body = parse_body(parser);
  require_word(parser, "done");
  return body;
}

static struct node *parse_loop(struct parser *parser, enum node_kind kind) {
  struct node *node = make(parser, kind);
  node->condition = parse_body(parser);
  node->left = parse_do(parser);
  return node;
}

static struct node *parse_for(struct parser *parser) {
  struct node *node = make(parser, NODE_FOR);
  if (next_kind(parser) != TOKEN_WORD)
    unexpected(parser);
  node->name = lexer_take(&parser->lexer).text;
  if (name_length(node->name) != strlen(node->name))
    syntax_error(&parser->lexer, "syntax error: %s cannot name a variable", node->name);
  skip_newlines(parser);
  if (accept_word(parser, "in")) {
    node->has_words = true;
    struct words words = {.arena = parser->arena};
    while (next_kind(parser) == TOKEN_WORD)
      words_add(&words, lexer_take(&parser->lexer).text);
    node->words = words_finish(&words);
  }
  if (accept(parser, TOKEN_SEMICOLON) || next_kind(parser) == TOKEN_NEWLINE)
    skip_newlines(parser);
  node->left = parse_do(parser);
  return node;
}

static struct case_item *parse_case_item(struct parser *parser) {
  struct case_item *item = arena_allocate(parser->arena, sizeof *item);
  *item = (struct case_item){0};
  struct words patterns = {.arena = parser->arena};
  accept(parser, TOKEN_LEFT);
  do {
    if (next_kind(parser) != TOKEN_WORD)
      unexpected(parser);
    words_add(&patterns, lexer_take(&parser->lexer).text);
  } while (accept(parser, TOKEN_PIPE));
  item->patterns = words_finish(&patterns);
  if (!accept(parser, TOKEN_RIGHT))
    unexpected(parser);
  item->body = parse_list(parser, false);
  if (!next_is_word(parser, "esac") && !accept(parser, TOKEN_DOUBLE_SEMICOLON))
    unexpected(parser);
  skip_newlines(parser);
  return item;
}

static struct node *parse_case(struct parser *parser) {
  struct node *node = make(parser, NODE_CASE);
  if (next_kind(parser) != TOKEN_WORD)
    unexpected(parser);
  node->name = lexer_take(&parser->lexer).text;
  skip_newlines(parser);
  require_word(parser, "in");
  skip_newlines(parser);
  struct case_item **end = &node->items;
  while (!accept_word(parser, "esac")) {
    *end = parse_case_item(parser);
    end = &(*end)->next;
  }
  return node;
}

static struct node *parse_group(struct parser *parser) {
  struct node *node = make_pair(parser, NODE_GROUP, parse_body(parser), NULL);
  require_word(parser, "}");
  return node;
}

static struct node *parse_subshell(struct parser *parser) {
  struct node *node = make_pair(parser, NODE_SUBSHELL, parse_body(parser), NULL);
  if (!accept(parser, TOKEN_RIGHT))
    unexpected(parser);
  return node;
}

static struct node *parse_command(struct parser *parser) {
  struct node *node;
  if (accept(parser, TOKEN_LEFT))
    node = parse_subshell(parser);
  else if (accept_word(parser, "{"))
    node = parse_group(parser);
  else if (accept_word(parser, "if"))
    node = parse_if(parser);
  else if (accept_word(parser, "while"))
    node = parse_loop(parser, NODE_WHILE);
  else if (accept_word(parser, "until"))
    node = parse_loop(parser, NODE_UNTIL);
  else if (accept_word(parser, "for"))
    node = parse_for(parser);
  else if (accept_word(parser, "case"))
    node = parse_case(parser);
  else if (next_ends_list(parser))
    unexpected(parser);
  else
    return parse_simple(parser);
  parse_redirections(parser, node);
  return node;
}

// From where a token began to where the next one does. Of more than one line, only the first.
static char *text_from(struct parser *parser, const char *line, const char *start) {
  lexer_peek(&parser->lexer);
  bool is_one_line = parser->lexer.line == line;
  size_t length = is_one_line ? (size_t)(parser->lexer.token_start - start) : strcspn(start, "\n");
  if (next_kind(parser) == TOKEN_END)
    length = strcspn(start, "\n");
  while (length > 0 && isspace((unsigned char)start[length - 1]))
    length--;
  char *text = arena_copy(parser->arena, start, length);
  return is_one_line || next_kind(parser) == TOKEN_END ? text : arena_format(parser->arena, "%s ...", text);
}

static struct node *parse_pipeline(struct parser *parser) {
  struct node *pipeline = make(parser, NODE_PIPELINE);
  lexer_peek(&parser->lexer);
  const char *line = parser->lexer.line, *start = parser->lexer.token_start;
  for (;;) {
    if (accept_word(parser, "!"))
      pipeline->is_inverted = !pipeline->is_inverted;
    else if (accept_word(parser, "time"))
      pipeline->is_timed = true;
    else
      break;
  }
  struct words commands = {.arena = parser->arena};
  do {
    if (commands.count > 0)
      skip_newlines(parser);
    words_add(&commands, (char *)parse_command(parser));
  } while (accept(parser, TOKEN_PIPE));
  pipeline->commands = (struct node **)words_finish(&commands);
  pipeline->text = text_from(parser, line, start);
  return pipeline;
}

static struct node *parse_and_or(struct parser *parser) {
  struct node *left = parse_pipeline(parser);
  for (;;) {
    enum node_kind kind;
    if (accept(parser, TOKEN_AND))
      kind = NODE_AND;
    else if (accept(parser, TOKEN_OR))
      kind = NODE_OR;
    else
      return left;
    skip_newlines(parser);
    left = make_pair(parser, kind, left, parse_pipeline(parser));
  }
}

struct parsed parse(struct input *input, struct arena *arena) {
  jmp_buf failed;
  struct parser *parser = arena_allocate(arena, sizeof *parser);
  *parser = (struct parser){.arena = arena, .lexer = {.input = input, .arena = arena, .failed = &failed}};
  if (setjmp(failed) != 0)
    return (struct parsed){.result = PARSE_ERROR};
  if (next_kind(parser) == TOKEN_END)
    return (struct parsed){.result = PARSE_END};
  struct node *command = parse_list(parser, true);
  if (next_kind(parser) != TOKEN_NEWLINE && next_kind(parser) != TOKEN_END)
    unexpected(parser);
  return (struct parsed){
      .result = command == NULL ? PARSE_NOTHING : PARSE_COMMAND,
      .command = command,
      .defines_function = parser->defines_function,
  };
}
