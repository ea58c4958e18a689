#include "text.h"
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SYNTHETIC_DEVICE 14
#define LINE_BYTES       512

void text_add_bytes(struct text *text, const char *bytes, size_t count) {
  if (text->used + count > text->size && !text->failed) {
    size_t size = text->size * 2 + count + LINE_BYTES;
    char *grown = realloc(text->bytes, size);
    text->failed = grown == NULL;
    if (grown != NULL) {
      text->bytes = grown;
      text->size = size;
    }
  }
  if (text->failed)
    return;
  memcpy(text->bytes + text->used, bytes, count);
  text->used += count;
}

void text_add(struct text *text, const char *format, ...) {
  char line[LINE_BYTES];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  text_add_bytes(text, line, length < LINE_BYTES ? (size_t)length : LINE_BYTES - 1);
}

static int64_t text_read(struct task *task, struct file *file, struct transfer *transfer,
                         uint64_t *position) {
  (void)task;
  const struct text *text = file->object;
  size_t bytes = *position < text->used ? text->used - *position : 0;
  if (bytes > transfer->left)
    bytes = transfer->left;
  int64_t error = bytes > 0 ? transfer_out(transfer, text->bytes + *position, bytes) : 0;
  if (error == 0)
    *position += bytes;
  return error == 0 ? (int64_t)bytes : error;
}

static int64_t text_stat(struct file *file, struct stat *stat) {
  *stat = stat_of(S_IFREG | 0444, 1, SYNTHETIC_DEVICE);
  (void)file;
  return 0;
}

static void text_close(struct file *file) {
  struct text *text = file->object;
  free(text->bytes);
  free(text);
}

static const struct file_operations text_operations = {
    .read = text_read,
    .stat = text_stat,
    .close = text_close,
    .seeks = true,
};

static int64_t open_text(struct text *text, const struct file_operations *operations, uint32_t flags,
                         const char *path, struct file **file) {
  struct text *copy = text->failed ? NULL : malloc(sizeof *copy);
  *file = copy != NULL ? file_create(operations, flags, path) : NULL;
  if (*file == NULL) {
    free(copy);
    free(text->bytes);
    return -ENOMEM;
  }
  *copy = *text;
  (*file)->object = copy;
  return 0;
}

int64_t text_open(struct text *text, uint32_t flags, const char *path, struct file **file) {
  return open_text(text, &text_operations, flags, path, file);
}

// Directories.

void listing_add(struct listing *listing, const char *name, uint8_t type) {
  text_add_bytes(&listing->names, (const char *)&type, 1);
  text_add_bytes(&listing->names, name, strlen(name) + 1);
}

// Linux's struct linux_dirent64: inode, offset of the next, length of the record, type, name.
#define RECORD_HEADER 19

// The position is an offset in the names.
static int64_t listing_entries(struct task *task, struct file *file, uint64_t address, size_t bytes) {
  const struct text *names = file->object;
  uint8_t buffer[2048];
  size_t used = 0;
  while (file->position < names->used) {
    const char *entry = names->bytes + file->position;
    size_t length = strlen(entry + 1) + 1;
    size_t record = (RECORD_HEADER + length + 7) & ~7ul;
    if (used + record > bytes || used + record > sizeof buffer)
      break;
    uint64_t inode = file->position + 2, next = file->position + 1 + length;
    uint16_t record_bytes = (uint16_t)record;
    memset(buffer + used, 0, record);
    memcpy(buffer + used, &inode, 8);
    memcpy(buffer + used + 8, &next, 8);
    memcpy(buffer + used + 16, &record_bytes, 2);
    memcpy(buffer + used + 18, entry, 1);
    memcpy(buffer + used + RECORD_HEADER, entry + 1, length);
    used += record;
    file->position = next;
  }
  if (used == 0 && file->position < names->used)
    return -EINVAL;
  int64_t error = copy_out(task, address, buffer, used);
  return error < 0 ? error : (int64_t)used;
}

static int64_t listing_stat(struct file *file, struct stat *stat) {
  (void)file;
  *stat = stat_of(S_IFDIR | 0555, 1, SYNTHETIC_DEVICE);
  return 0;
}

static const struct file_operations listing_operations = {
    .entries = listing_entries,
    .stat = listing_stat,
    .close = text_close,
    .seeks = true,
};

int64_t listing_open(struct listing *listing, const char *path, struct file **file) {
  int64_t error = open_text(&listing->names, &listing_operations, 0, path, file);
  if (error == 0)
    (*file)->is_directory = true;
  return error;
}
