// Lists files.

#include "quantity.h"
#include "usage.h"
#include <dirent.h>
#include <err.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

static bool is_long, is_human, is_recursive, is_reversed, is_single, in_columns;
static bool shows_hidden, shows_dots, shows_inodes, only_names, marks_kinds;
static char order = 'n'; // by name, t: newest first, S: largest first
static int status;

struct file {
  char *name; // as it is printed
  char *path;
  struct stat status;
};

struct files {
  struct file *start;
  size_t count, room;
};

// Adds a file; says so when it is not there.
static void add(struct files *files, const char *path, const char *name) {
  if (files->count == files->room)
    files->start = realloc(files->start, (files->room = files->room * 2 + 32) * sizeof *files->start);
  if (files->start == NULL)
    err(1, "out of memory");
  struct file *file = &files->start[files->count];
  *file = (struct file){.name = strdup(name), .path = strdup(path)};
  if (file->name == NULL || file->path == NULL)
    err(1, "out of memory");
  if (lstat(path, &file->status) == 0) {
    files->count++;
    return;
  }
  warn("%s", path);
  free(file->name);
  free(file->path);
  status = 1;
}

static void free_files(struct files *files) {
  for (size_t i = 0; i < files->count; i++) {
    free(files->start[i].name);
    free(files->start[i].path);
  }
  free(files->start);
}

static int compare(const void *left, const void *right) {
  const struct file *a = left, *b = right;
  int result = 0;
  if (order == 't') {
    struct timespec x = a->status.st_mtim, y = b->status.st_mtim;
    result = x.tv_sec != y.tv_sec ? (x.tv_sec < y.tv_sec) - (x.tv_sec > y.tv_sec)
                                  : (x.tv_nsec < y.tv_nsec) - (x.tv_nsec > y.tv_nsec);
  } else if (order == 'S') {
    result = (a->status.st_size < b->status.st_size) - (a->status.st_size > b->status.st_size);
  }
  if (result == 0)
    result = strcmp(a->name, b->name);
  return is_reversed ? -result : result;
}

static void sort(struct files *files) {
  if (files->count > 0)
    qsort(files->start, files->count, sizeof *files->start, compare);
}

static const char *mode_text(mode_t mode) {
  static char text[11];
  text[0] = S_ISDIR(mode)    ? 'd'
            : S_ISLNK(mode)  ? 'l'
            : S_ISCHR(mode)  ? 'c'
            : S_ISBLK(mode)  ? 'b'
            : S_ISFIFO(mode) ? 'p'
            : S_ISSOCK(mode) ? 's'
                             : '-';
  for (int i = 0; i < 9; i++)
    text[1 + i] = (mode >> (8 - i) & 1) != 0 ? "rwx"[i % 3] : '-';
  if ((mode & S_ISUID) != 0)
    text[3] = text[3] == 'x' ? 's' : 'S';
  if ((mode & S_ISGID) != 0)
    text[6] = text[6] == 'x' ? 's' : 'S';
  if ((mode & S_ISVTX) != 0)
    text[9] = text[9] == 'x' ? 't' : 'T';
  return text;
}

// There is no list of users; everybody knows this one.
static void print_owner(unsigned id) {
  if (id == 0)
    printf(" root ");
  else
    printf(" %-5u", id);
}

static char kind_mark(mode_t mode) {
  if (!marks_kinds)
    return 0;
  return S_ISDIR(mode)        ? '/'
         : S_ISLNK(mode)      ? '@'
         : S_ISFIFO(mode)     ? '|'
         : S_ISSOCK(mode)     ? '='
         : (mode & 0111) != 0 ? '*'
                              : 0;
}

static void print_name(const struct file *file) {
  if (shows_inodes)
    printf("%7ju ", (uintmax_t)file->status.st_ino);
  fputs(file->name, stdout);
  char mark = kind_mark(file->status.st_mode);
  if (mark != 0)
    putchar(mark);
}

static void print_long(const struct file *file) {
  const struct stat *stat = &file->status;
  printf("%s %3ju", mode_text(stat->st_mode), (uintmax_t)stat->st_nlink);
  print_owner(stat->st_uid);
  print_owner(stat->st_gid);
  if (S_ISCHR(stat->st_mode) || S_ISBLK(stat->st_mode))
    printf(" %4u,%4u", major(stat->st_rdev), minor(stat->st_rdev));
  else if (is_human)
    printf(" %9s", format_size((uint64_t)stat->st_size));
  else
    printf(" %9jd", (intmax_t)stat->st_size);
  // Of files older than half a year or from the future, the year matters more than the hour.
  time_t now = time(NULL), half_year = 182 * 86400;
  bool is_recent = stat->st_mtime <= now && stat->st_mtime > now - half_year;
  char date[20];
  strftime(date, sizeof date, is_recent ? "%b %e %H:%M" : "%b %e  %Y", localtime(&stat->st_mtime));
  printf(" %s ", date);
  print_name(file);
  char target[PATH_MAX];
  ssize_t length = S_ISLNK(stat->st_mode) ? readlink(file->path, target, sizeof target) : -1;
  if (length >= 0)
    printf(" -> %.*s", (int)length, target);
  putchar('\n');
}

static size_t screen_columns(void) {
  struct winsize size;
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

// Down the first column, then down the next, in as many as fit.
static void print_columns(const struct files *files) {
  size_t width = 0;
  for (size_t i = 0; i < files->count; i++) {
    size_t length = strlen(files->start[i].name) + (shows_inodes ? 8 : 0) + marks_kinds + 2;
    width = length > width ? length : width;
  }
  size_t columns = width == 0 || width > screen_columns() ? 1 : screen_columns() / width;
  size_t rows = (files->count + columns - 1) / columns;
  for (size_t row = 0; row < rows; row++) {
    for (size_t i = row; i < files->count; i += rows) {
      const struct file *file = &files->start[i];
      print_name(file);
      size_t length = strlen(file->name) + (shows_inodes ? 8 : 0) + (kind_mark(file->status.st_mode) != 0);
      if (i + rows < files->count)
        printf("%*s", (int)(width - length), "");
    }
    putchar('\n');
  }
}

static void print(const struct files *files) {
  if (in_columns) {
    print_columns(files);
    return;
  }
  for (size_t i = 0; i < files->count; i++) {
    if (is_long) {
      print_long(&files->start[i]);
    } else {
      print_name(&files->start[i]);
      putchar('\n');
    }
  }
}

static bool is_dots(const char *name) { return strcmp(name, ".") == 0 || strcmp(name, "..") == 0; }

static void list_folder(const char *path) {
  DIR *folder = opendir(path);
  if (folder == NULL) {
    warn("%s", path);
    status = 1;
    return;
  }
  struct files files = {0};
  struct dirent *entry;
  while ((entry = readdir(folder)) != NULL) {
    if (entry->d_name[0] == '.' && !(is_dots(entry->d_name) ? shows_dots : shows_hidden))
      continue;
    char *inner;
    if (asprintf(&inner, "%s%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/", entry->d_name) < 0)
      err(1, "out of memory");
    add(&files, inner, entry->d_name);
    free(inner);
  }
  closedir(folder);
  sort(&files);
  if (is_long) {
    uintmax_t blocks = 0;
    for (size_t i = 0; i < files.count; i++)
      blocks += (uintmax_t)files.start[i].status.st_blocks;
    printf("total %ju\n", blocks / 2);
  }
  print(&files);
  for (size_t i = 0; is_recursive && i < files.count; i++) {
    if (!S_ISDIR(files.start[i].status.st_mode) || is_dots(files.start[i].name))
      continue;
    printf("\n%s:\n", files.start[i].path);
    list_folder(files.start[i].path);
  }
  free_files(&files);
}

static bool is_folder(const struct file *file) {
  struct stat target;
  if (S_ISLNK(file->status.st_mode) && !is_long && stat(file->path, &target) == 0)
    return S_ISDIR(target.st_mode);
  return S_ISDIR(file->status.st_mode);
}

int main(int count, char **arguments) {
  static char *here[] = {(char *)".", NULL};
  in_columns = isatty(STDOUT_FILENO);
  int option;
  while ((option = getopt(count, arguments, "1AaCdFhilRrSt")) != -1) {
    switch (option) {
    case '1':
      is_single = true;
      break;
    case 'a':
      shows_dots = true;
      shows_hidden = true;
      break;
    case 'A':
      shows_hidden = true;
      break;
    case 'C':
      in_columns = true;
      break;
    case 'd':
      only_names = true;
      break;
    case 'F':
      marks_kinds = true;
      break;
    case 'h':
      is_human = true;
      break;
    case 'i':
      shows_inodes = true;
      break;
    case 'l':
      is_long = true;
      break;
    case 'R':
      is_recursive = true;
      break;
    case 'r':
      is_reversed = true;
      break;
    case 'S':
    case 't':
      order = (char)option;
      break;
    default:
      usage("ls [-1AaCdFhilRrSt] [FILE...]");
    }
  }
  in_columns = in_columns && !is_long && !is_single;
  char **names = optind == count ? here : arguments + optind;
  struct files files = {0}, folders = {0};
  for (char **name = names; *name != NULL; name++)
    add(&files, *name, *name);
  sort(&files);
  // Folders come after the other files, with what is in them.
  size_t kept = 0;
  for (size_t i = 0; i < files.count; i++) {
    struct file file = files.start[i];
    if (!only_names && is_folder(&file)) {
      add(&folders, file.path, file.name);
      free(file.name);
      free(file.path);
    } else {
      files.start[kept++] = file;
    }
  }
  files.count = kept;
  if (kept > 0)
    print(&files);
  bool has_headers = names[1] != NULL || is_recursive;
  for (size_t i = 0; i < folders.count; i++) {
    if (has_headers)
      printf("%s%s:\n", i > 0 || kept > 0 ? "\n" : "", folders.start[i].name);
    list_folder(folders.start[i].path);
  }
  finish(status);
}
