// The terminal as programs see it: the terminal server's lines, and job control, which that server knows
// nothing of. There is one terminal; it is /dev/tty, /dev/console and /dev/ttyS0.
#include "protocol/terminal.h"
#include "file.h"
#include "lib/ipc.h"
#include "lib/mutex.h"
#include "lib/say.h"
#include "lib/service.h"
#include "lib/window.h"
#include "process.h"
#include "server.h"
#include "signals.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <termios.h>

#define WINDOW_PAGES 4
#define CHUNK        (WINDOW_PAGES * PAGE_BYTES)

static handle_t service, session;
static handle_t events;
static struct window window;
static bool is_window_busy;
static struct mutex mutex; // of is_window_busy
static struct condition window_freed;

static pid_t controlling_session; // whose terminal it is; 0: nobody's
static pid_t foreground;          // process group
static uint32_t local_modes = ISIG | ICANON | ECHO | ECHOE | ECHOK | IEXTEN; // c_lflag, as last set

static struct wait_queue readers, writers;

pid_t terminal_session(void) { return controlling_session; }
pid_t terminal_foreground(void) { return foreground; }

static int64_t connect_terminal(void) {
  struct message message = {.tag = TAG(TERMINAL_CONNECT, MESSAGE_REGISTERS, 2), .words = {CHUNK}};
  message_buffer->send[0] = window.memory;
  message_buffer->send[1] = events;
  int64_t result = message_request(service, &message);
  if (result < 0)
    return result;
  if (session != 0)
    kernel_delete(session);
  session = message_capability(&message, 0);
  return 0;
}

void terminal_init(uint64_t notification) {
  events = (handle_t)notification;
  if (window_create(WINDOW_PAGES, &window) < 0)
    die("no memory for the terminal's window");
  service = (handle_t)service_await(TERMINAL_SERVICE);
  while (connect_terminal() == -EPIPE)
    ;
}

// The window, for the caller alone. The server's lock is let go of meanwhile.
static void take_window(void) {
  server_release();
  mutex_lock(&mutex);
  while (is_window_busy)
    condition_wait(&window_freed, &mutex, WAIT_FOREVER);
  is_window_busy = true;
  mutex_unlock(&mutex);
  server_acquire();
}

static void free_window(void) {
  mutex_lock(&mutex);
  is_window_busy = false;
  condition_signal(&window_freed);
  mutex_unlock(&mutex);
}

// With the window taken.
static int64_t request(uint32_t label, uint64_t word0, uint64_t word1, uint64_t *words) {
  server_release();
  int64_t result;
  for (int tries = 0;; tries++) {
    struct message message = message_of(label, word0, word1, 0, 0);
    result = message_request(session, &message);
    if (words != NULL)
      memcpy(words, message.words, sizeof message.words);
    // It has been restarted; nothing that is asked here does harm when asked again.
    if ((result != -EPIPE && result != -ESTALE) || tries == 2)
      break;
    if (connect_terminal() < 0) {
      result = -EIO;
      break;
    }
  }
  server_acquire();
  return result == -EPIPE || result == -ESTALE ? -EIO : result;
}

// Job control.

// What a process gets that uses the terminal though it is not in the foreground: 0 if it may, -EINTR with the
// signal sent, or EIO where that could not stop it.
static int64_t check_foreground(struct task *task, int signal) {
  const struct process *process = task->process;
  if (process->session != controlling_session || process->group == foreground || foreground == 0)
    return 0;
  if (signal == SIGTTOU && signal_is_blocked_or_ignored(task, signal))
    return 0;
  if (signal_is_blocked_or_ignored(task, signal) || group_is_orphaned(process->group))
    return -EIO;
  siginfo_t info = {.si_signo = signal, .si_code = SI_KERNEL};
  group_signal(process->group, &info);
  return CALL_INTERRUPTED; // and tried again when it is continued
}

void terminal_events(uint64_t bits) {
  static const struct {
    uint64_t event;
    int signal;
  } signals[] = {{TERMINAL_EVENT_INTERRUPT, SIGINT},
                 {TERMINAL_EVENT_QUIT, SIGQUIT},
                 {TERMINAL_EVENT_SUSPEND, SIGTSTP},
                 {TERMINAL_EVENT_RESIZED, SIGWINCH}};
  for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++) {
    siginfo_t info = {.si_signo = signals[i].signal, .si_code = SI_KERNEL};
    if ((bits & signals[i].event) != 0 && foreground != 0)
      group_signal(foreground, &info);
  }
  if ((bits & TERMINAL_EVENT_HANGUP) != 0) {
    struct process *leader = process_by_id(controlling_session);
    if (leader != NULL)
      process_raise(leader, SIGHUP);
  }
  if ((bits & (TERMINAL_EVENT_READABLE | TERMINAL_EVENT_HANGUP)) != 0)
    wake_all(&readers);
  if ((bits & (TERMINAL_EVENT_WRITABLE | TERMINAL_EVENT_HANGUP)) != 0)
    wake_all(&writers);
}

void terminal_abandon(pid_t of_session) {
  if (of_session != controlling_session)
    return;
  pid_t group = foreground;
  controlling_session = foreground = 0;
  siginfo_t hang_up = {.si_signo = SIGHUP, .si_code = SI_KERNEL};
  siginfo_t go_on = {.si_signo = SIGCONT, .si_code = SI_KERNEL};
  if (group != 0) {
    group_signal(group, &hang_up);
    group_signal(group, &go_on);
  }
}

static void set_foreground(pid_t group) {
  pid_t old = foreground;
  foreground = group;
  group_schedule(old);
  group_schedule(group);
}

static int64_t take_control(struct process *process, bool steal) {
  if (process->session == controlling_session)
    return 0;
  if (process->session != process->id)
    return -EPERM;
  // The first process only keeps it for the shells it starts.
  if (controlling_session != 0 && controlling_session != init_process->id && !steal)
    return -EPERM;
  controlling_session = process->session;
  set_foreground(process->group);
  return 0;
}

// The file.

static int64_t terminal_read(struct task *task, struct file *file, struct transfer *transfer,
                             uint64_t *position) {
  (void)position;
  // In the queue first: what comes between the question and the wait wakes it.
  if (!file_nonblocking(file) && !wait_on(task, &readers))
    return -ENOMEM;
  int64_t result = check_foreground(task, SIGTTIN);
  if (result != 0)
    return result;
  take_window();
  result = request(TERMINAL_READ, 0, transfer->left < CHUNK ? transfer->left : CHUNK, NULL);
  if (result > 0) {
    int64_t error = transfer_out(transfer, window.bytes, (size_t)result);
    if (error < 0)
      result = error;
  }
  free_window();
  return result == -EAGAIN && !file_nonblocking(file) ? CALL_BLOCKS : result;
}

static int64_t terminal_write(struct task *task, struct file *file, struct transfer *transfer,
                              uint64_t *position) {
  (void)position;
  int64_t result = (local_modes & TOSTOP) != 0 ? check_foreground(task, SIGTTOU) : 0;
  if (result != 0)
    return result;
  if (!file_nonblocking(file) && !wait_on(task, &writers))
    return -ENOMEM;
  take_window();
  while (transfer->left > 0) {
    size_t chunk = transfer->left < CHUNK ? transfer->left : CHUNK;
    struct transfer before = *transfer;
    result = transfer_in(transfer, window.bytes, chunk);
    if (result < 0)
      break;
    result = request(TERMINAL_WRITE, 0, chunk, NULL);
    // What was not taken is sent again.
    size_t taken = result > 0 ? (size_t)result : 0;
    if (taken < chunk) {
      *transfer = before;
      transfer_skip(transfer, taken);
    }
    if (result < 0)
      break;
  }
  free_window();
  if (result == -EAGAIN && !file_nonblocking(file)) {
    task->call.done = transfer->done;
    return CALL_BLOCKS;
  }
  return transfer->done > 0 ? (int64_t)transfer->done : result;
}

static int64_t terminal_stat(struct file *file, struct stat *stat) {
  bool tty = file->path != NULL && strcmp(file->path, "/dev/tty") == 0;
  *stat = stat_of(S_IFCHR | 0620, 5, 5);
  stat->st_rdev = makedev(5, tty ? 0 : 1);
  return 0;
}

static int64_t terminal_poll(struct file *file, struct task *task) {
  (void)file;
  if (task != NULL && (!wait_on(task, &readers) || !wait_on(task, &writers)))
    return -ENOMEM;
  take_window();
  int64_t ready = request(TERMINAL_READY, 0, 0, NULL);
  free_window();
  if (ready < 0)
    return POLLERR;
  return ((ready & TERMINAL_EVENT_READABLE) != 0 ? POLLIN | POLLRDNORM : 0) |
         ((ready & TERMINAL_EVENT_WRITABLE) != 0 ? POLLOUT | POLLWRNORM : 0) |
         ((ready & TERMINAL_EVENT_HANGUP) != 0 ? POLLHUP : 0);
}

static int64_t set_attributes(struct task *task, uint64_t when, uint64_t argument) {
  struct kernel_termios attributes;
  if (copy_in(task, &attributes, argument, sizeof attributes) < 0)
    return -EFAULT;
  if (!wait_on(task, &writers))
    return -ENOMEM;
  take_window();
  memcpy(window.bytes, &attributes, sizeof attributes);
  int64_t result = request(TERMINAL_SET_ATTRIBUTES, 0, when, NULL);
  free_window();
  if (result == 0)
    local_modes = attributes.c_lflag;
  return result == -EAGAIN ? CALL_BLOCKS : result;
}

static int64_t get_attributes(struct task *task, uint64_t argument) {
  take_window();
  int64_t result = request(TERMINAL_GET_ATTRIBUTES, 0, 0, NULL);
  if (result == 0)
    result = copy_out(task, argument, window.bytes, sizeof(struct kernel_termios));
  free_window();
  return result;
}

static int64_t get_size(struct task *task, uint64_t argument) {
  uint64_t words[4];
  take_window();
  int64_t result = request(TERMINAL_GET_SIZE, 0, 0, words);
  free_window();
  struct winsize size = {.ws_row = (unsigned short)words[1], .ws_col = (unsigned short)words[2]};
  return result < 0 ? result : copy_out(task, argument, &size, sizeof size);
}

static int64_t simple(uint32_t label, uint64_t word0, uint64_t word1) {
  take_window();
  int64_t result = request(label, word0, word1, NULL);
  free_window();
  return result;
}

static int64_t drain(struct task *task) {
  if (!wait_on(task, &writers))
    return -ENOMEM;
  int64_t result = simple(TERMINAL_DRAIN, 0, 0);
  return result == -EAGAIN ? CALL_BLOCKS : result;
}

// Whether a request changes the terminal, which a background process may not.
static bool changes(uint64_t request_number) {
  switch (request_number) {
  case TCSETS:
  case TCSETSW:
  case TCSETSF:
  case TIOCSPGRP:
  case TCSBRK:
  case TCFLSH:
    return true;
  default:
    return false;
  }
}

static int64_t terminal_control(struct task *task, struct file *file, uint64_t request_number,
                                uint64_t argument) {
  struct process *process = task->process;
  struct winsize size;
  uint64_t words[4];
  int number;
  (void)file;
  int64_t result = changes(request_number) ? check_foreground(task, SIGTTOU) : 0;
  if (result != 0)
    return result;
  switch (request_number) {
  case TCGETS:
    return get_attributes(task, argument);
  case TCSETS:
    return set_attributes(task, TERMINAL_NOW, argument);
  case TCSETSW:
    return set_attributes(task, TERMINAL_DRAIN_FIRST, argument);
  case TCSETSF:
    return set_attributes(task, TERMINAL_FLUSH_FIRST, argument);
  case TCSBRK: // tcdrain is one that breaks nothing
    return drain(task);
  case TCFLSH:
    return simple(TERMINAL_FLUSH, argument, 0);
  case TIOCGWINSZ:
    return get_size(task, argument);
  case TIOCSWINSZ:
    if (copy_in(task, &size, argument, sizeof size) < 0)
      return -EFAULT;
    return simple(TERMINAL_SET_SIZE, size.ws_row, size.ws_col);
  case TIOCGPGRP:
    if (process->session != controlling_session)
      return -ENOTTY;
    number = foreground;
    return copy_out(task, argument, &number, sizeof number);
  case TIOCSPGRP:
    if (copy_in(task, &number, argument, sizeof number) < 0)
      return -EFAULT;
    if (process->session != controlling_session)
      return -ENOTTY;
    if (number <= 0)
      return -EINVAL;
    if (!group_exists(number, process->session))
      return -EPERM;
    set_foreground(number);
    return 0;
  case TIOCGSID:
    if (process->session != controlling_session)
      return -ENOTTY;
    number = controlling_session;
    return copy_out(task, argument, &number, sizeof number);
  case TIOCSCTTY:
    return take_control(process, argument == 1);
  case TIOCNOTTY:
    if (process->session != controlling_session)
      return -ENOTTY;
    if (process->session == process->id)
      terminal_abandon(process->session);
    return 0;
  case FIONREAD:
    take_window();
    result = request(TERMINAL_READY, 0, 0, words);
    free_window();
    if (result < 0)
      return result;
    number = (int)words[1];
    return copy_out(task, argument, &number, sizeof number);
  default:
    return -ENOTTY;
  }
}

static const struct file_operations terminal_operations = {
    .read = terminal_read,
    .write = terminal_write,
    .stat = terminal_stat,
    .poll = terminal_poll,
    .control = terminal_control,
};

int64_t terminal_open(struct task *task, uint32_t flags, const char *path, struct file **file) {
  struct process *process = task->process;
  if (strcmp(path, "/dev/tty") == 0 && process->session != controlling_session)
    return -ENXIO;
  *file = file_create(&terminal_operations, flags, path);
  if (*file == NULL)
    return -ENOMEM;
  // A session leader without a terminal gets it by opening it.
  if ((flags & O_NOCTTY) == 0 && process->session == process->id && controlling_session == 0)
    take_control(process, false);
  return 0;
}
