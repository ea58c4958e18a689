#include "exec.h"
#include "calls.h"
#include "file.h"
#include "files.h"
#include "image.h"
#include "lib/kernel.h"
#include "lib/start_stack.h"
#include "message.h"
#include "process.h"
#include "server.h"
#include "signals.h"
#include "space.h"
#include "user.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define MAX_STRINGS_BYTES (512ul << 10) // arguments and environment together, with their pointers
#define MAX_STRINGS       16384
#define MAX_INTERPRETERS  4   // scripts whose interpreters are scripts
#define FIRST_LINE_BYTES  256 // of a script, that are looked at

// Strings, one after the other, and pointers to them ended by NULL.
struct strings {
  char *bytes;
  size_t used, size;
  char **pointers;
  size_t count;
};

static void strings_free(struct strings *strings) {
  free(strings->bytes);
  free(strings->pointers);
  *strings = (struct strings){0};
}

static int64_t strings_add(struct strings *strings, const char *string, size_t bytes) {
  if (strings->count == MAX_STRINGS || strings->used + bytes > MAX_STRINGS_BYTES)
    return -E2BIG;
  if (strings->used + bytes > strings->size) {
    size_t size = strings->size * 2 + bytes + 256;
    char *grown = realloc(strings->bytes, size);
    if (grown == NULL)
      return -ENOMEM;
    strings->bytes = grown;
    strings->size = size;
  }
  memcpy(strings->bytes + strings->used, string, bytes);
  strings->used += bytes;
  strings->count++;
  return 0;
}

// Makes the pointers, when no string is added any more.
static int64_t strings_point(struct strings *strings) {
  strings->pointers = malloc((strings->count + 1) * sizeof *strings->pointers);
  if (strings->pointers == NULL)
    return -ENOMEM;
  char *at = strings->bytes;
  for (size_t i = 0; i < strings->count; i++, at += strlen(at) + 1)
    strings->pointers[i] = at;
  strings->pointers[strings->count] = NULL;
  return 0;
}

// Copies an array of strings from the process. Neighbours in memory are fetched together.
static int64_t strings_in(struct task *task, uint64_t array, struct strings *strings) {
  char window[512];
  uint64_t window_start = 0, window_bytes = 0;
  uint64_t pointers[32], first = 0, count = 0; // those fetched: from the first'th on
  for (uint64_t index = 0; array != 0; index++) {
    if (index == first + count) {
      // The array may end anywhere: what is on the next page need not be there.
      uint64_t address = array + index * 8;
      first = index;
      count = (PAGE - address % PAGE) / 8;
      count = count == 0 ? 1 : count > 32 ? 32 : count;
      if (copy_in(task, pointers, address, count * 8) < 0)
        return -EFAULT;
    }
    uint64_t string = pointers[index - first];
    if (string == 0)
      return 0;
    for (bool complete = false; !complete;) {
      if (string - window_start >= window_bytes) {
        window_start = string;
        window_bytes = PAGE - string % PAGE;
        if (window_bytes > sizeof window)
          window_bytes = sizeof window;
        if (copy_in(task, window, string, window_bytes) < 0)
          return -EFAULT;
      }
      const char *start = window + (string - window_start);
      size_t left = window_bytes - (string - window_start);
      const char *end = memchr(start, 0, left);
      complete = end != NULL;
      size_t bytes = complete ? (size_t)(end - start) + 1 : left;
      int64_t error = strings_add(strings, start, bytes);
      if (error < 0)
        return error;
      if (!complete)
        strings->count--; // it goes on
      string += bytes;
    }
  }
  return 0;
}

struct program {
  struct image *image;
  char path[PATH_MAX]; // of what is executed, in the end
};

// Reads the interpreter and its one argument from a script's first line; NULL: none. The line is changed.
static char *interpreter(char *line, char **argument) {
  *argument = NULL;
  char *end = strchr(line, '\n');
  if (line[0] != '#' || line[1] != '!' || end == NULL)
    return NULL;
  while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
    end--;
  *end = 0;
  char *path = line + 2 + strspn(line + 2, " \t");
  char *rest = path + strcspn(path, " \t");
  if (*rest != 0) {
    *rest++ = 0;
    *argument = rest + strspn(rest, " \t");
  }
  return *path != 0 ? path : NULL;
}

static int64_t prepend(struct strings *arguments, const char *first, const char *second, const char *script) {
  struct strings new = {0};
  int64_t error = strings_add(&new, first, strlen(first) + 1);
  if (error == 0 && second != NULL)
    error = strings_add(&new, second, strlen(second) + 1);
  if (error == 0)
    error = strings_add(&new, script, strlen(script) + 1);
  // The script's path takes the place of the name it was called by.
  const char *at = arguments->bytes;
  for (size_t i = 0; i < arguments->count && error == 0; i++, at += strlen(at) + 1)
    if (i > 0)
      error = strings_add(&new, at, strlen(at) + 1);
  strings_free(arguments);
  *arguments = new;
  return error;
}

// Finds what is to be executed for a path, through scripts to their interpreters.
static int64_t find_program(struct task *task, struct program *program, struct strings *arguments) {
  for (int depth = 0; depth <= MAX_INTERPRETERS; depth++) {
    struct stat stat;
    char target[PATH_MAX];
    if (path_is_synthetic(program->path)) { // /proc/self/exe
      int64_t bytes = path_readlink(task, program->path, target, sizeof target - 1);
      if (bytes < 0)
        return -EACCES;
      target[bytes] = 0;
      strcpy(program->path, target);
    }
    int64_t number = files_open(program->path, O_RDONLY, 0, &stat);
    if (number < 0)
      return number;
    uint64_t generation = files_generation();
    int64_t error = !S_ISREG(stat.st_mode) || (stat.st_mode & 0111) == 0 ? -EACCES : 0;
    if (error == 0)
      error = image_open((uint64_t)number, &stat, &program->image);
    char line[FIRST_LINE_BYTES + 1] = "";
    if (error == -ENOEXEC)
      files_read((uint64_t)number, 0, line, FIRST_LINE_BYTES);
    files_close(generation, (uint64_t)number);
    if (error != -ENOEXEC)
      return error;
    char *argument, *path = interpreter(line, &argument);
    if (path == NULL)
      return -ENOEXEC;
    error = prepend(arguments, path, argument, program->path);
    if (error == 0)
      error = path_absolute(task, (uint64_t)AT_FDCWD, path, program->path);
    if (error < 0)
      return error;
  }
  return -ELOOP;
}

// Maps the image and its stack into an empty space.
static int64_t map_image(struct task *task, const struct image *image) {
  struct space *space = task->process->space;
  const struct elf_image *elf = &image->elf;
  int64_t error = space_map_stack(space);
  uint64_t end = 0;
  for (unsigned i = 0; i < elf->segment_count && error == 0; i++) {
    const struct elf_segment *segment = &elf->segments[i];
    uint32_t protection = ((segment->rights & MAP_READ) != 0 ? PROT_READ : 0) |
                          ((segment->rights & MAP_WRITE) != 0 ? PROT_WRITE : 0) |
                          ((segment->rights & MAP_EXECUTE) != 0 ? PROT_EXEC : 0);
    end = segment->address + segment->pages * PAGE;
    if ((segment->rights & MAP_WRITE) == 0) {
      error = space_map_shared(space, image->text, segment->address, image->text_page[i], segment->pages,
                               protection, "text");
      continue;
    }
    if (protection & PROT_EXEC)
      return -ENOEXEC;
    error = space_map_data(space, segment->address, end, protection, "data");
    if (error == 0 && image->data[i] != NULL)
      error = copy_out(task, segment->address + segment->skew, image->data[i], segment->file_bytes);
  }
  space_set_break(space, end);
  return error;
}

// Writes the stack, and the registers a program starts with.
static int64_t start_state(struct task *task, const struct program *program, const struct strings *arguments,
                           const struct strings *environment, struct thread_state *state) {
  struct start_stack stack = {
      .arguments = (const char *const *)arguments->pointers,
      .environment = (const char *const *)environment->pointers,
      .image = &program->image->elf,
      .path = program->path,
  };
  random_fill(stack.random, sizeof stack.random);
  size_t size =
      arguments->used + environment->used + (arguments->count + environment->count) * 8 + PATH_MAX + 1024;
  size = (size + 15) & ~15ul;
  uint8_t *bytes = malloc(size);
  if (bytes == NULL)
    return -ENOMEM;
  int64_t sp = start_stack_write(&stack, bytes, size, STACK_TOP);
  int64_t error = sp < 0 ? sp : 0;
  if (sp > 0)
    error = copy_out(task, (uint64_t)sp, bytes + size - (STACK_TOP - (uint64_t)sp), STACK_TOP - (uint64_t)sp);
  free(bytes);
  *state = (struct thread_state){.x = {[0] = program->image->elf.entry, [2] = (uint64_t)sp}, .has_float = 1};
  return error;
}

static void take_name(struct process *process, const char *path, const struct strings *arguments) {
  struct task *task = process->tasks;
  const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
  strncpy(task->name, name, sizeof task->name - 1);
  task->name[sizeof task->name - 1] = 0;
  free(process->executable);
  process->executable = strdup(path);
  free(process->command_line);
  size_t bytes = arguments->used < 4096 ? arguments->used : 4096;
  process->command_line = malloc(bytes + 1);
  process->command_line_bytes = process->command_line != NULL ? (uint32_t)bytes : 0;
  if (process->command_line != NULL)
    memcpy(process->command_line, arguments->bytes, bytes);
}

static void end_others(struct task *task) {
  struct process *process = task->process;
  struct task *next;
  for (struct task *other = process->tasks; other != NULL; other = next) {
    next = other->next;
    if (other != task)
      task_end(other);
  }
}

// Puts the program in the place of what the process executes. From the point of no return on, an error kills.
static int64_t replace(struct task *task, const struct program *program, const struct strings *arguments,
                       const struct strings *environment, const char *name) {
  struct process *process = task->process;
  struct space *shared = process->space->references > 1 ? process->space : NULL;
  int64_t error;
  if (shared != NULL) {
    struct space *own = space_create(program->path, process->id);
    if (own == NULL)
      return -ENOMEM;
    process->space = own;
  } else {
    // What other threads are having done here ends first; they have no memory any more.
    end_others(task);
    error = space_clear(process->space);
    if (error < 0)
      return error;
  }
  struct thread_state state;
  error = map_image(task, program->image);
  if (error == 0)
    error = start_state(task, program, arguments, environment, &state);
  if (error == 0 && shared != NULL) {
    uint64_t old = task->handle;
    error = task_start(task, &state);
    if (error == 0) {
      // The thread in the parent's space has done its duty.
      struct task gone = {.reply = task->reply};
      task_answer(&gone, RESUME_END, 0);
      task->reply = 0;
      kernel_delete((handle_t)old);
    }
  }
  if (error < 0) {
    if (shared == NULL) {
      process_end(process, SIGKILL);
      return 0;
    }
    space_release(process->space);
    process->space = shared;
    return error;
  }
  take_name(process, name, arguments);
  signals_reset(process);
  task->alternate_stack = task->alternate_stack_bytes = 0;
  task->clear_id_address = 0;
  descriptors_exec(process->descriptors);
  process->has_executed = true;
  if (shared != NULL) {
    space_release(shared);
    process_release_vfork(process);
    task->state = TASK_RUNS;
    return CALL_ENDS;
  }
  kernel_write_thread((handle_t)task->handle, &state);
  return CALL_REGISTERS;
}

static int64_t execute(struct task *task, const char *path, struct strings *arguments,
                       struct strings *environment) {
  struct program *program = calloc(1, sizeof *program);
  if (program == NULL)
    return -ENOMEM;
  strcpy(program->path, path);
  int64_t result = 0;
  if (arguments->count == 0) // Linux gives a program one argument at least
    result = strings_add(arguments, "", 1);
  if (result == 0)
    result = find_program(task, program, arguments);
  if (result == 0)
    result = strings_point(arguments);
  if (result == 0)
    result = strings_point(environment);
  if (result == 0 && !task->ending)
    result = replace(task, program, arguments, environment, path);
  if (program->image != NULL)
    image_release(program->image);
  free(program);
  return result;
}

static int64_t exec_at(struct task *task, uint64_t directory, uint64_t path_address,
                       uint64_t arguments_address, uint64_t environment_address) {
  char path[PATH_MAX];
  struct strings arguments = {0}, environment = {0};
  int64_t result = path_in(task, directory, path_address, path);
  if (result == 0)
    result = strings_in(task, arguments_address, &arguments);
  if (result == 0)
    result = strings_in(task, environment_address, &environment);
  if (result == 0)
    result = execute(task, path, &arguments, &environment);
  strings_free(&arguments);
  strings_free(&environment);
  return result;
}

HANDLER(sys_execve) { return exec_at(task, (uint64_t)AT_FDCWD, arguments[0], arguments[1], arguments[2]); }

HANDLER(sys_execveat) { return exec_at(task, arguments[0], arguments[1], arguments[2], arguments[3]); }

int64_t exec_init(char **given) {
  struct strings arguments = {0}, environment = {0};
  static const char *const variables[] = {"PATH=/bin:/sbin:/usr/bin:/usr/sbin:/disk/bin", "HOME=/",
                                          "TERM=xterm", "USER=root", "PWD=/"};
  int64_t error = 0;
  for (char **at = given; *at != NULL && error == 0; at++)
    error = strings_add(&arguments, *at, strlen(*at) + 1);
  for (unsigned i = 0; i < sizeof variables / sizeof variables[0] && error == 0; i++)
    error = strings_add(&environment, variables[i], strlen(variables[i]) + 1);
  struct process *process = error == 0 ? process_create(NULL) : NULL;
  if (process == NULL)
    return error < 0 ? error : -ENOMEM;
  init_process = process;
  struct task *task = process->tasks;
  process->space = space_create(given[0], process->id);
  process->descriptors = descriptors_create();
  if (process->space == NULL || process->descriptors == NULL)
    return -ENOMEM;
  // Standard input gives the first process the terminal; output and errors go there too.
  for (int descriptor = 0; descriptor < 3 && error == 0; descriptor++) {
    struct file *file;
    error = file_open(task, "/dev/console", O_RDWR, 0, &file);
    if (error == 0)
      error = descriptor_put(task, (uint64_t)descriptor, file, false);
    if (error > 0)
      error = 0;
  }
  struct program *program = calloc(1, sizeof *program);
  if (program == NULL)
    return -ENOMEM;
  strncpy(program->path, given[0], sizeof program->path - 1);
  struct thread_state state;
  if (error == 0)
    error = find_program(task, program, &arguments);
  if (error == 0)
    error = strings_point(&arguments);
  if (error == 0)
    error = strings_point(&environment);
  if (error == 0)
    error = map_image(task, program->image);
  if (error == 0)
    error = start_state(task, program, &arguments, &environment, &state);
  if (error == 0) {
    take_name(process, program->path, &arguments);
    error = task_start(task, &state);
  }
  if (program->image != NULL)
    image_release(program->image);
  free(program);
  strings_free(&arguments);
  strings_free(&environment);
  return error;
}
