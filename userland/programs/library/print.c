#include "print.h"
#include "usage.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int digits(const char **text, int base, int most) {
  int value = 0;
  for (int i = 0; i < most; i++, ++*text) {
    static const char all[] = "0123456789abcdef";
    char lower = **text >= 'A' && **text <= 'F' ? (char)(**text + 'a' - 'A') : **text;
    const char *digit = lower == 0 ? NULL : strchr(all, lower);
    if (digit == NULL || digit - all >= base)
      break;
    value = value * base + (int)(digit - all);
  }
  return value;
}

// Prints what the escape sequence behind the backslash at *text stands for, and moves behind it. False for
// \c, which ends all output.
static bool print_escape(const char **text) {
  static const char letters[] = "abefnrtv\\\"'", meanings[] = "\a\b\033\f\n\r\t\v\\\"'";
  char letter = *++*text;
  const char *known = letter == 0 ? NULL : strchr(letters, letter);
  if (letter == 'c')
    return false;
  if (known != NULL) {
    putchar(meanings[known - letters]);
    ++*text;
  } else if (letter >= '0' && letter <= '7') {
    putchar(digits(text, 8, letter == '0' ? 4 : 3));
  } else if (letter == 'x') {
    ++*text;
    putchar(digits(text, 16, 2));
  } else {
    putchar('\\');
  }
  return true;
}

static bool print_escaped(const char *text) {
  while (*text != 0) {
    if (*text != '\\')
      putchar(*text++);
    else if (!print_escape(&text))
      return false;
  }
  return true;
}

int echo_command(int count, char **arguments) {
  bool ends_line = true, has_escapes = false;
  int first = 1;
  for (; first < count && arguments[first][0] == '-' && arguments[first][1] != 0; first++) {
    if (strspn(arguments[first] + 1, "neE") != strlen(arguments[first] + 1))
      break;
    for (const char *letter = arguments[first] + 1; *letter != 0; letter++) {
      if (*letter == 'n')
        ends_line = false;
      else
        has_escapes = *letter == 'e';
    }
  }
  for (int i = first; i < count; i++) {
    if (i > first)
      putchar(' ');
    if (!has_escapes)
      fputs(arguments[i], stdout);
    else if (!print_escaped(arguments[i]))
      return 0;
  }
  if (ends_line)
    putchar('\n');
  return 0;
}

struct printing {
  char **arguments; // those not used yet, NULL-terminated
  int status;
  bool is_over;
};

static const char *next_argument(struct printing *printing) {
  return *printing->arguments != NULL ? *printing->arguments++ : NULL;
}

static const char *check_number(struct printing *printing, const char *text, const char *end) {
  if (*text == 0 || *end != 0) {
    complain_as("printf", "%s is not a number", *text == 0 ? "\"\"" : text);
    printing->status = 1;
  }
  return text;
}

static long long next_integer(struct printing *printing) {
  const char *text = next_argument(printing);
  if (text == NULL)
    return 0;
  if (*text == '\'' || *text == '"')
    return (unsigned char)text[1];
  char *end;
  long long value = strtoll(text, &end, 0);
  check_number(printing, text, end);
  return value;
}

static double next_real(struct printing *printing) {
  const char *text = next_argument(printing);
  if (text == NULL)
    return 0;
  char *end;
  double value = strtod(text, &end);
  check_number(printing, text, end);
  return value;
}

// Prints one conversion, which begins at *format with its %, and moves behind it.
static void convert(struct printing *printing, const char **format) {
  char specification[64] = "%";
  size_t length = 1;
  for (++*format; **format != 0 && strchr("-+ #0123456789.*", **format) != NULL; ++*format) {
    if (**format == '*')
      length += (size_t)snprintf(specification + length, 12, "%d", (int)next_integer(printing));
    else if (length < 30)
      specification[length++] = **format;
  }
  char letter = **format;
  if (letter != 0)
    ++*format;
  const char *text;
  switch (letter) {
  case '%':
    putchar('%');
    break;
  case 'd':
  case 'i':
  case 'u':
  case 'o':
  case 'x':
  case 'X':
    snprintf(specification + length, 4, "ll%c", letter);
    printf(specification, next_integer(printing));
    break;
  case 'e':
  case 'f':
  case 'g':
  case 'E':
  case 'F':
  case 'G':
    snprintf(specification + length, 2, "%c", letter);
    printf(specification, next_real(printing));
    break;
  case 'c':
    text = next_argument(printing);
    snprintf(specification + length, 2, "c");
    if (text != NULL && *text != 0)
      printf(specification, *text);
    break;
  case 's':
    text = next_argument(printing);
    snprintf(specification + length, 2, "s");
    printf(specification, text == NULL ? "" : text);
    break;
  case 'b':
    text = next_argument(printing);
    printing->is_over = text != NULL && !print_escaped(text);
    break;
  default:
    complain_as("printf", "there is no conversion %s%c", specification, letter == 0 ? ' ' : letter);
    printing->status = 1;
    printing->is_over = true;
  }
}

int printf_command(int count, char **arguments) {
  if (count < 2) {
    complain_as("printf", "usage: printf FORMAT [ARGUMENT...]");
    return 2;
  }
  struct printing printing = {.arguments = arguments + 2};
  char **before;
  // The format is used again as long as it uses up arguments.
  do {
    before = printing.arguments;
    for (const char *format = arguments[1]; *format != 0 && !printing.is_over;) {
      if (*format == '%')
        convert(&printing, &format);
      else if (*format != '\\')
        putchar(*format++);
      else if (!print_escape(&format))
        printing.is_over = true;
    }
  } while (*printing.arguments != NULL && printing.arguments != before && !printing.is_over);
  return printing.status;
}
