// The first program: gives the console to a shell, again when that ends, and buries orphans.

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

// What a root file system from an initrd lacks. Where the system brings it, mounting fails and does no harm.
static void mount_system_files(void) {
  static const struct {
    const char *type, *folder;
  } mounts[] = {{"devtmpfs", "/dev"}, {"proc", "/proc"}, {"sysfs", "/sys"}};
  for (size_t i = 0; i < sizeof mounts / sizeof mounts[0]; i++) {
    mkdir(mounts[i].folder, 0755);
    mount(mounts[i].type, mounts[i].folder, mounts[i].type, 0, NULL);
  }
  mkdir("/tmp", 01777);
}

static bool open_console(void) {
  int console = open("/dev/console", O_RDWR | O_NOCTTY);
  if (console < 0)
    return false;
  for (int descriptor = 0; descriptor < 3; descriptor++)
    dup2(console, descriptor);
  if (console > 2)
    close(console);
  return true;
}

static pid_t start_shell(char **arguments) {
  pid_t pid = fork();
  if (pid != 0)
    return pid;
  setsid();
  // Linux's /dev/console cannot control a session; the terminal behind it can.
  static const char *const terminals[] = {"/dev/ttyS0", "/dev/hvc0", "/dev/console"};
  for (size_t i = 0; i < sizeof terminals / sizeof terminals[0]; i++) {
    int terminal = open(terminals[i], O_RDWR);
    if (terminal >= 0 && ioctl(terminal, TIOCSCTTY, 0) == 0) {
      for (int descriptor = 0; descriptor < 3; descriptor++)
        dup2(terminal, descriptor);
      if (terminal > 2)
        close(terminal);
      break;
    }
    if (terminal >= 0)
      close(terminal);
  }
  execv(arguments[0], arguments);
  err(127, "%s", arguments[0]);
}

int main(int count, char **arguments) {
  static char *shell[] = {(char *)"/bin/sh", NULL};
  mount_system_files();
  if (!open_console())
    return 1;
  setenv("PATH", "/bin", 1);
  setenv("HOME", "/", 1);
  setenv("TERM", "vt100", 0);
  char **command = count > 1 && arguments[1][0] == '/' ? arguments + 1 : shell;
  for (;;) {
    pid_t pid = start_shell(command);
    if (pid < 0)
      warn("cannot start %s", command[0]);
    pid_t ended;
    do
      ended = wait(NULL);
    while (ended != pid && (ended > 0 || errno == EINTR));
    if (pid < 0)
      sleep(1);
  }
}
