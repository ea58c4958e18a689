// Switches the machine off.

#include <err.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

// linux/reboot.h, which the C library does not bring.
#define MAGIC1    0xfee1dead
#define MAGIC2    0x28121969
#define POWER_OFF 0x4321fedc

int main(int count, char **arguments) {
  char *end = NULL;
  long status = count == 2 ? strtol(arguments[1], &end, 10) : 0;
  if (count > 2 || (count == 2 && (*end != 0 || status < 0 || status > 255)))
    errx(2, "usage: poweroff [STATUS], 0 to 255");
  sync();
  // Linux has no use for the status; on our own system it becomes the exit status of the machine.
  syscall(SYS_reboot, MAGIC1, MAGIC2, POWER_OFF, status);
  err(1, "the machine stays on");
}
