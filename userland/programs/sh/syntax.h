#pragma once
// What the parser makes of text and the executor walks over. Words are kept as they were typed, quotes and
// all; expand.c takes them apart.

#include <stdbool.h>

enum node_kind {
  NODE_SIMPLE,     // assignments, words
  NODE_PIPELINE,   // commands
  NODE_AND,        // left && right
  NODE_OR,         // left || right
  NODE_SEQUENCE,   // left ; right
  NODE_BACKGROUND, // left &
  NODE_SUBSHELL,   // ( left )
  NODE_GROUP,      // { left }
  NODE_IF,         // if condition then left else right
  NODE_WHILE,      // while condition do left
  NODE_UNTIL,      // until condition do left
  NODE_FOR,        // for name in words do left
  NODE_CASE,       // case name in items
  NODE_FUNCTION,   // name() left
};

enum redirection_kind {
  REDIRECT_READ,       // <
  REDIRECT_WRITE,      // > and >|
  REDIRECT_APPEND,     // >>
  REDIRECT_READ_WRITE, // <>
  REDIRECT_DUPLICATE,  // <& and >&
  REDIRECT_HERE,       // << and <<-
};

struct redirection {
  enum redirection_kind kind;
  int descriptor;
  char *target;    // a word; of a here-document, its text
  bool is_literal; // a here-document whose delimiter was quoted: nothing in it is expanded
  struct redirection *next;
};

struct case_item {
  char **patterns;
  struct node *body; // NULL when empty
  struct case_item *next;
};

struct node {
  enum node_kind kind;
  struct redirection *redirections;
  struct node *condition, *left, *right;
  struct node **commands; // NULL-terminated
  char **assignments, **words;
  char *name;
  struct case_item *items;
  bool is_inverted; // a pipeline behind !
  bool is_timed;    // a pipeline behind time
  bool has_words;   // of a for: "in" was there
  char *text;       // of a pipeline: as it was typed, for the list of jobs
};
