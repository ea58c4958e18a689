// Mounts a file system on a folder, or tells what is mounted.

#include "input.h"
#include "usage.h"
#include <err.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static int print(FILE *file, const char *name) {
  (void)name;
  char device[256], folder[256], type[64], options[256];
  while (fscanf(file, "%255s %255s %63s %255s%*[^\n]", device, folder, type, options) == 4)
    printf("%s on %s type %s (%s)\n", device, folder, type, options);
  return 0;
}

// Takes what the system knows as flags out of "ro,noatime,size=1m"; the rest is the file system's own.
static unsigned long flags_of(char *options, char *rest) {
  static const struct {
    const char *name;
    unsigned long flag;
  } known[] = {{"ro", MS_RDONLY},       {"nosuid", MS_NOSUID},    {"nodev", MS_NODEV},
               {"noexec", MS_NOEXEC},   {"sync", MS_SYNCHRONOUS}, {"remount", MS_REMOUNT},
               {"noatime", MS_NOATIME}, {"bind", MS_BIND},        {"rw", 0}};
  unsigned long flags = 0;
  *rest = 0;
  for (char *option = strtok(options, ","); option != NULL; option = strtok(NULL, ",")) {
    size_t i = 0, count = sizeof known / sizeof known[0];
    while (i < count && strcmp(known[i].name, option) != 0)
      i++;
    if (i < count) {
      flags |= known[i].flag;
    } else {
      if (*rest != 0)
        strcat(rest, ",");
      strcat(rest, option);
    }
  }
  return flags;
}

int main(int count, char **arguments) {
  static char *table[] = {(char *)"/proc/mounts", NULL};
  char rest[1024] = "";
  const char *type = NULL;
  unsigned long flags = 0;
  int option;
  while ((option = getopt(count, arguments, "o:rt:")) != -1) {
    if (option == 't')
      type = optarg;
    else if (option == 'r')
      flags |= MS_RDONLY;
    else if (option == 'o' && strlen(optarg) < sizeof rest)
      flags |= flags_of(optarg, rest);
    else
      usage("mount [-r] [-t TYPE] [-o OPTIONS] DEVICE FOLDER");
  }
  if (optind == count)
    finish(for_each_input(table, print));
  if (count - optind != 2)
    usage("mount [-r] [-t TYPE] [-o OPTIONS] DEVICE FOLDER");
  if (mount(arguments[optind], arguments[optind + 1], type, flags, *rest == 0 ? NULL : rest) != 0)
    err(1, "%s on %s", arguments[optind], arguments[optind + 1]);
  return 0;
}
