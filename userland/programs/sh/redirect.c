#include "redirect.h"
#include "expand.h"
#include "shell.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool save(struct saved_descriptors *saved, int descriptor) {
  for (int i = 0; i < saved->count; i++) {
    if (saved->descriptor[i] == descriptor)
      return true;
  }
  if (saved->count == SAVED_DESCRIPTORS)
    return false;
  saved->descriptor[saved->count] = descriptor;
  saved->copy[saved->count++] = fcntl(descriptor, F_DUPFD_CLOEXEC, FIRST_OWN_DESCRIPTOR);
  return true;
}

static void write_all(int descriptor, const char *text, size_t length) {
  while (length > 0) {
    ssize_t written = write(descriptor, text, length);
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return;
    text += written;
    length -= (size_t)written;
  }
}

// A pipe to read the text from. A text that the pipe cannot hold at once is written by a child.
static int open_here_document(const char *text) {
  int ends[2];
  if (pipe(ends) != 0)
    return -1;
  size_t length = strlen(text);
  if (length <= PIPE_BUF) {
    write_all(ends[1], text, length);
  } else if (fork() == 0) {
    close(ends[0]);
    write_all(ends[1], text, length);
    _exit(0);
  }
  close(ends[1]);
  return ends[0];
}

static int open_target(const struct redirection *redirection, const char *target) {
  switch (redirection->kind) {
  case REDIRECT_READ:
    return open(target, O_RDONLY);
  case REDIRECT_WRITE:
    return open(target, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  case REDIRECT_APPEND:
    return open(target, O_WRONLY | O_CREAT | O_APPEND, 0666);
  case REDIRECT_READ_WRITE:
    return open(target, O_RDWR | O_CREAT, 0666);
  case REDIRECT_DUPLICATE:
    if (!isdigit((unsigned char)*target)) {
      errno = EBADF;
      return -1;
    }
    return dup(atoi(target));
  default:
    return open_here_document(target);
  }
}

static bool redirect_one(const struct redirection *redirection, struct saved_descriptors *saved) {
  bool is_here = redirection->kind == REDIRECT_HERE;
  char *target = redirection->target;
  if (!redirection->is_literal)
    target = is_here ? expand_document(target) : expand_word(target);
  if (target == NULL)
    return false;
  if (saved != NULL && !save(saved, redirection->descriptor)) {
    complain("too many redirections");
    return false;
  }
  if (redirection->kind == REDIRECT_DUPLICATE && strcmp(target, "-") == 0) {
    close(redirection->descriptor);
    return true;
  }
  int opened = open_target(redirection, target);
  if (opened < 0) {
    complain("%s: %s", is_here ? "here-document" : target, strerror(errno));
    return false;
  }
  if (opened == redirection->descriptor)
    return true;
  bool is_done = dup2(opened, redirection->descriptor) >= 0;
  if (!is_done)
    complain("%d: %s", redirection->descriptor, strerror(errno));
  close(opened);
  return is_done;
}

bool redirect(struct redirection *redirections, struct saved_descriptors *saved) {
  if (saved != NULL)
    saved->count = 0;
  for (; redirections != NULL; redirections = redirections->next) {
    if (!redirect_one(redirections, saved))
      return false;
  }
  return true;
}

void redirect_back(struct saved_descriptors *saved) {
  fflush(stdout);
  while (saved->count > 0) {
    int i = --saved->count;
    if (saved->copy[i] < 0) {
      close(saved->descriptor[i]);
    } else {
      dup2(saved->copy[i], saved->descriptor[i]);
      close(saved->copy[i]);
    }
  }
}
