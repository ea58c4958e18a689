#include "line.h"
#include "print.h"
#include "system.h"

enum key { CTRL_C = 3, CTRL_H = 8, NEWLINE = 10, RETURN = 13, CTRL_U = 21, ESCAPE = 27, DELETE = 127 };

static char read_key(void) {
  char key = 0;
  console_read(&key, 1);
  return key;
}

// Swallows the rest of what an arrow or function key sends: ESC [ parameters, and a letter or `~`.
static void skip_escape_sequence(void) {
  char key = read_key();
  if (key == '[' || key == 'O') {
    do
      key = read_key();
    while (key < '@' || key > '~');
  }
}

static void erase(size_t characters) {
  for (size_t i = 0; i < characters; i++)
    print("\b \b");
}

void read_line(const char *prompt, char line[LINE_BYTES]) {
  size_t length = 0;
  print("%s", prompt);
  for (;;) {
    char key = read_key();
    switch (key) {
    case RETURN:
    case NEWLINE:
      print("\n");
      line[length] = 0;
      return;
    case CTRL_C:
      print("^C\n");
      line[0] = 0;
      return;
    case CTRL_H:
    case DELETE:
      if (length > 0) {
        length--;
        erase(1);
      }
      break;
    case CTRL_U:
      erase(length);
      length = 0;
      break;
    case ESCAPE:
      skip_escape_sequence();
      break;
    default:
      if (key >= ' ' && length < LINE_BYTES - 1) {
        line[length++] = key;
        print("%c", key);
      }
    }
  }
}
