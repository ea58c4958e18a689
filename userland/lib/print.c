#include "print.h"
#include "string.h"
#include "system.h"
#include <stdarg.h>

// What is to be written; it goes to the console when full, and at the end.
struct output {
  size_t length;
  char bytes[256];
};

static void flush(struct output *output) {
  console_write(output->bytes, output->length);
  output->length = 0;
}

static void put(struct output *output, char byte) {
  if (output->length == sizeof output->bytes)
    flush(output);
  output->bytes[output->length++] = byte;
}

// What may stand between `%` and the letter.
struct field {
  bool left, zeros, is_long;
  size_t width;
};

static const char *parse_field(const char *format, struct field *field) {
  *field = (struct field){0};
  for (; *format == '-' || *format == '0'; format++) {
    if (*format == '-')
      field->left = true;
    else
      field->zeros = true;
  }
  for (; *format >= '0' && *format <= '9'; format++)
    field->width = field->width * 10 + (size_t)(*format - '0');
  for (; *format == 'l'; format++)
    field->is_long = true;
  return format;
}

static void put_field(struct output *output, const struct field *field, const char *text, size_t length) {
  size_t padding = field->width > length ? field->width - length : 0;
  for (size_t i = 0; !field->left && i < padding; i++)
    put(output, field->zeros ? '0' : ' ');
  for (size_t i = 0; i < length; i++)
    put(output, text[i]);
  for (size_t i = 0; field->left && i < padding; i++)
    put(output, ' ');
}

static void put_number(struct output *output, const struct field *field, uint64_t value, unsigned base,
                       bool negative) {
  char text[21]; // a sign and the 20 digits of 2^64 - 1
  size_t at = sizeof text;
  do {
    text[--at] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value != 0);
  if (negative)
    text[--at] = '-';
  put_field(output, field, text + at, sizeof text - at);
}

void print(const char *format, ...) {
  struct output output = {0};
  va_list arguments;
  va_start(arguments, format);
  for (; *format != 0; format++) {
    if (*format != '%') {
      put(&output, *format);
      continue;
    }
    struct field field;
    format = parse_field(format + 1, &field);
    switch (*format) {
    case 's': {
      const char *text = va_arg(arguments, const char *);
      put_field(&output, &field, text, strlen(text));
      break;
    }
    case 'c':
      put(&output, (char)va_arg(arguments, int));
      break;
    case 'd': {
      int64_t value = field.is_long ? va_arg(arguments, int64_t) : va_arg(arguments, int);
      put_number(&output, &field, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, value < 0);
      break;
    }
    case 'u':
    case 'x': {
      uint64_t value = field.is_long ? va_arg(arguments, uint64_t) : va_arg(arguments, unsigned);
      put_number(&output, &field, value, *format == 'u' ? 10 : 16, false);
      break;
    }
    default:
      put(&output, *format);
    }
  }
  va_end(arguments);
  flush(&output);
}
