#include "editor.h"
#include "history.h"
#include "shell.h"
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define LINE_BYTES 4096

// Keys that are sequences of bytes get numbers above all bytes.
enum key {
  KEY_END_OF_INPUT = -1,
  KEY_UP = 256,
  KEY_DOWN,
  KEY_LEFT,
  KEY_RIGHT,
  KEY_HOME,
  KEY_END,
  KEY_DELETE,
  KEY_WORD_LEFT,
  KEY_WORD_RIGHT,
  KEY_UNKNOWN,
};

#define CONTROL(letter) ((letter)&31)

struct editor {
  const char *prompt;
  char line[LINE_BYTES];
  size_t length, cursor;  // in bytes
  size_t columns;         // of the screen
  size_t cell;            // where the terminal\'s cursor is
  int steps;              // how far back in the history; 0 is the line being typed
  char typed[LINE_BYTES]; // that one, while another is shown
};

static int read_byte(void) {
  unsigned char byte;
  for (;;) {
    ssize_t got = read(STDIN_FILENO, &byte, 1);
    if (got == 1)
      return byte;
    if (got == 0 || errno != EINTR)
      return KEY_END_OF_INPUT;
  }
}

// What follows ESC [, as ECMA-48 has it: digits, semicolons, and a letter or ~ that ends it.
static enum key read_sequence(void) {
  int first = 0, modifier = 0;
  for (;;) {
    int byte = read_byte();
    if (isdigit(byte)) {
      modifier = modifier * 10 + byte - '0';
      continue;
    }
    if (byte == ';') {
      first = modifier;
      modifier = 0;
      continue;
    }
    bool has_control = first != 0 && modifier == 5;
    switch (byte) {
    case 'A':
      return KEY_UP;
    case 'B':
      return KEY_DOWN;
    case 'C':
      return has_control ? KEY_WORD_RIGHT : KEY_RIGHT;
    case 'D':
      return has_control ? KEY_WORD_LEFT : KEY_LEFT;
    case 'H':
      return KEY_HOME;
    case 'F':
      return KEY_END;
    case '~':
      first = first != 0 ? first : modifier;
      return first == 1 || first == 7   ? KEY_HOME
             : first == 4 || first == 8 ? KEY_END
             : first == 3               ? KEY_DELETE
                                        : KEY_UNKNOWN;
    default:
      return KEY_UNKNOWN;
    }
  }
}

static int read_key(void) {
  int byte = read_byte();
  if (byte != '\033')
    return byte;
  byte = read_byte();
  if (byte == '[' || byte == 'O')
    return read_sequence();
  return byte == 'b' ? KEY_WORD_LEFT : byte == 'f' ? KEY_WORD_RIGHT : KEY_UNKNOWN;
}

static bool continues_character(char byte) { return ((unsigned char)byte & 0xc0) == 0x80; } // in UTF-8

static size_t columns_of(const char *text, size_t length) {
  size_t columns = 0;
  for (size_t i = 0; i < length; i++)
    columns += !continues_character(text[i]);
  return columns;
}

static size_t screen_columns(void) {
  struct winsize size;
  bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20;
  return is_known ? size.ws_col : 80;
}

static void send(const char *text, size_t length) {
  while (length > 0) {
    ssize_t written = write(STDOUT_FILENO, text, length);
    if (written <= 0)
      return;
    text += written;
    length -= (size_t)written;
  }
}

// The cell, counted from the first of the prompt and through all rows, where a byte of the line is shown.
static size_t cell_of(const struct editor *editor, size_t position) {
  return columns_of(editor->prompt, strlen(editor->prompt)) + columns_of(editor->line, position);
}

// A terminal that has filled its last column stays there until something follows. This has it go to the next
// row.
static void leave_last_column(const struct editor *editor, size_t cell) {
  if (cell > 0 && cell % editor->columns == 0)
    send(" \r", 2);
}

// Moves the terminal's cursor from one cell to another.
static void move_to_cell(const struct editor *editor, size_t from, size_t to) {
  char sequence[64];
  size_t columns = editor->columns;
  int up = (int)(from / columns) - (int)(to / columns), right = (int)(to % columns), length = 0;
  if (up != 0)
    length = snprintf(sequence, sizeof sequence, "\033[%d%c", up > 0 ? up : -up, up > 0 ? 'A' : 'B');
  length += snprintf(sequence + length, sizeof sequence - (size_t)length, "\r");
  if (right > 0)
    length += snprintf(sequence + length, sizeof sequence - (size_t)length, "\033[%dC", right);
  send(sequence, (size_t)length);
}

// Draws the whole line anew, in as many rows as it takes.
static void redraw(struct editor *editor) {
  move_to_cell(editor, editor->cell, 0);
  editor->columns = screen_columns();
  size_t end = cell_of(editor, editor->length);
  editor->cell = cell_of(editor, editor->cursor);
  send(editor->prompt, strlen(editor->prompt));
  send(editor->line, editor->length);
  leave_last_column(editor, end);
  send("\033[J", 3);
  if (editor->cell != end)
    move_to_cell(editor, end, editor->cell);
}

static void replace(struct editor *editor, const char *line) {
  editor->length = editor->cursor = strlen(line);
  memcpy(editor->line, line, editor->length + 1);
  redraw(editor);
}

static void show_history(struct editor *editor, int steps) {
  if (steps < 0 || (steps > 0 && history_line(steps) == NULL))
    return;
  if (editor->steps == 0)
    memcpy(editor->typed, editor->line, sizeof editor->typed);
  editor->steps = steps;
  replace(editor, steps == 0 ? editor->typed : history_line(steps));
}

static void insert(struct editor *editor, char byte) {
  if (editor->length + 1 == LINE_BYTES)
    return;
  memmove(editor->line + editor->cursor + 1, editor->line + editor->cursor,
          editor->length - editor->cursor + 1);
  editor->line[editor->cursor++] = byte;
  editor->length++;
  if (editor->cursor < editor->length) {
    redraw(editor);
    return;
  }
  send(&byte, 1);
  editor->cell = cell_of(editor, editor->cursor);
  if (!continues_character(byte))
    leave_last_column(editor, editor->cell);
}

static void delete_to(struct editor *editor, size_t position) {
  size_t from = position < editor->cursor ? position : editor->cursor;
  size_t to = position < editor->cursor ? editor->cursor : position;
  memmove(editor->line + from, editor->line + to, editor->length - to + 1);
  editor->length -= to - from;
  editor->cursor = from;
  redraw(editor);
}

static size_t left(const struct editor *editor) {
  size_t position = editor->cursor;
  do
    position -= position > 0;
  while (position > 0 && continues_character(editor->line[position]));
  return position;
}

static size_t right(const struct editor *editor) {
  size_t position = editor->cursor;
  do
    position += position < editor->length;
  while (position < editor->length && continues_character(editor->line[position]));
  return position;
}

static size_t word_left(const struct editor *editor) {
  size_t position = editor->cursor;
  while (position > 0 && editor->line[position - 1] == ' ')
    position--;
  while (position > 0 && editor->line[position - 1] != ' ')
    position--;
  return position;
}

static size_t word_right(const struct editor *editor) {
  size_t position = editor->cursor;
  while (editor->line[position] == ' ')
    position++;
  while (editor->line[position] != ' ' && editor->line[position] != 0)
    position++;
  return position;
}

static void move(struct editor *editor, size_t position) {
  editor->cursor = position;
  redraw(editor);
}

// Does what a key that changes or moves in the line asks for.
static void edit(struct editor *editor, int key) {
  switch (key) {
  case KEY_LEFT:
  case CONTROL('b'):
    return move(editor, left(editor));
  case KEY_RIGHT:
  case CONTROL('f'):
    return move(editor, right(editor));
  case KEY_HOME:
  case CONTROL('a'):
    return move(editor, 0);
  case KEY_END:
  case CONTROL('e'):
    return move(editor, editor->length);
  case KEY_WORD_LEFT:
    return move(editor, word_left(editor));
  case KEY_WORD_RIGHT:
    return move(editor, word_right(editor));
  case KEY_UP:
  case CONTROL('p'):
    return show_history(editor, editor->steps + 1);
  case KEY_DOWN:
  case CONTROL('n'):
    return show_history(editor, editor->steps - 1);
  case '\b':
  case 127:
    return delete_to(editor, left(editor));
  case KEY_DELETE:
  case CONTROL('d'):
    return delete_to(editor, right(editor));
  case CONTROL('k'):
    return delete_to(editor, editor->length);
  case CONTROL('u'):
    return delete_to(editor, 0);
  case CONTROL('w'):
    return delete_to(editor, word_left(editor));
  case CONTROL('l'):
    send("\033[H\033[2J", 7);
    editor->cell = 0;
    return redraw(editor);
  default:
    if (key == '\t')
      key = ' ';
    if (key >= ' ' && key < 256)
      insert(editor, (char)key);
  }
}

static char *edit_line(struct editor *editor, struct arena *arena) {
  editor->columns = screen_columns();
  editor->cell = cell_of(editor, 0);
  send(editor->prompt, strlen(editor->prompt));
  for (;;) {
    int key = read_key();
    if (key == KEY_END_OF_INPUT || (key == CONTROL('d') && editor->length == 0)) {
      send("\n", 1);
      return NULL;
    }
    if (key == CONTROL('c')) {
      send("^C\n", 3);
      shell.is_interrupted = true;
      return NULL;
    }
    if (key == '\n' || key == '\r') {
      if (editor->cursor < editor->length)
        move_to_cell(editor, editor->cell, cell_of(editor, editor->length));
      send("\n", 1);
      history_add(editor->line);
      return arena_format(arena, "%s\n", editor->line);
    }
    edit(editor, key);
  }
}

char *editor_line(struct arena *arena, const char *prompt) {
  struct termios before, raw;
  fflush(stdout);
  bool is_terminal = tcgetattr(STDIN_FILENO, &before) == 0;
  raw = before;
  raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  // Not TCSAFLUSH: what was typed while the last command ran is meant for us.
  if (is_terminal)
    tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
  struct editor editor = {.prompt = prompt};
  char *line = edit_line(&editor, arena);
  if (is_terminal)
    tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
  return line;
}
