// load FOLDER ROUNDS: uses the system: files in FOLDER, processes, memory. What goes
// wrong meanwhile is counted, not hidden.

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define BYTES 65536

static char out[BYTES], in[BYTES];

// False with errno if the system refused something; data that differs ends the program.
static bool use_file(const char *folder, int number) {
  char path[256];
  snprintf(path, sizeof path, "%s/load%d", folder, (int)getpid());
  memset(out, number, sizeof out);
  int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0666);
  if (file < 0)
    return false;
  bool good = write(file, out, sizeof out) == sizeof out && fsync(file) == 0 &&
              pread(file, in, sizeof in, 0) == sizeof in;
  if (good && memcmp(out, in, sizeof in) != 0) {
    puts("load: the file is not what was written");
    _exit(1);
  }
  int error = errno;
  close(file);
  errno = error;
  return good;
}

static bool use_process(void) {
  pid_t child = fork();
  if (child == 0)
    _exit(7);
  int status;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7;
}

static bool use_memory(int number) {
  volatile char *memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return false;
  bool good = true;
  for (int i = 0; i < BYTES; i += 4096)
    memory[i] = (char)(number + i);
  for (int i = 0; i < BYTES; i += 4096)
    good = good && memory[i] == (char)(number + i);
  munmap((void *)memory, BYTES);
  return good;
}

int main(int count, char **arguments) {
  if (count != 3)
    return 2;
  int rounds = 0, refused = 0;
  sscanf(arguments[2], "%d", &rounds);
  for (int number = 0; number < rounds; number++) {
    if (!use_file(arguments[1], number) || !use_process() || !use_memory(number))
      refused++;
  }
  printf("load: %d rounds, %d refused\n", rounds, refused);
  return 0;
}
