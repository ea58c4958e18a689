#include "scene.h"

#include "child.h"
#include "lines.h"
#include "sockets.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FILE_BYTES = 8000, DOWN_MILLISECONDS = 300 };

static const char socket_path[] = "files", file[] = "original", copy[] = "copy", errors[] = "errors";

static bool write_original(void) {
  FILE *original = fopen(file, "w");
  if (original == NULL)
    return false;
  for (unsigned i = 0; i < FILE_BYTES; i++)
    fputc('a' + (int)(i * i % 23), original);
  return fclose(original) == 0;
}

// How many bytes `copy` holds, or -1 when it is not what the original begins with.
static long copied(void) {
  FILE *left = fopen(file, "r"), *right = fopen(copy, "r");
  long bytes = left != NULL && right != NULL ? 0 : -1;
  for (int byte; bytes >= 0 && (byte = fgetc(right)) != EOF;)
    bytes = fgetc(left) == byte ? bytes + 1 : -1;
  if (left != NULL)
    fclose(left);
  if (right != NULL)
    fclose(right);
  return bytes;
}

static bool complained_of(const char *what) {
  char text[512];
  FILE *said = fopen(errors, "r");
  if (said == NULL)
    return false;
  text[fread(text, 1, sizeof text - 1, said)] = '\0';
  fclose(said);
  return strstr(text, what) != NULL;
}

static pid_t start_server(const char *kind) {
  return child_start((const char *[]){"file-server", kind, socket_path, ".", NULL}, NULL, NULL);
}

// A client fetches the file in many small pieces, while its server is killed and another takes its place.
// Returns the client's exit status.
static int fetch_through_restart(const char *kind) {
  pid_t server = start_server(kind);
  if (!wait_for_server(socket_path))
    return -1;
  pid_t client =
      child_start((const char *[]){"fetch", kind, socket_path, file, "200", "20", NULL}, copy, errors);
  long before = 0;
  for (int i = 0; i < 200 && before == 0; i++) {
    wait_milliseconds(20);
    before = copied();
  }
  child_kill(server);
  wait_milliseconds(DOWN_MILLISECONDS);
  server = start_server(kind);
  int status = child_wait(client);
  child_kill(server);
  printf("   %-10s the client had %ld bytes when the server died, and in the end %ld of %d\n", kind, before,
         copied(), FILE_BYTES);
  check(before > 0 && before < FILE_BYTES, "the server died while the client was reading");
  return status;
}

// Asks for the file to be opened, and leaves. Returns whether it has been.
static bool open_and_forget(void) {
  int server = socket_connect(socket_path);
  if (server < 0)
    return false;
  struct lines lines = {.descriptor = server};
  say(server, "open %s\n", file);
  const char *answer = lines_next(&lines);
  bool opened = answer != NULL && strncmp(answer, "handle ", 7) == 0;
  close(server);
  return opened;
}

static void show_orphans(void) {
  pid_t server = start_server("stateful");
  unsigned forgotten = 0;
  if (wait_for_server(socket_path))
    while (forgotten < 1000 && open_and_forget())
      forgotten++;
  child_kill(server);
  printf("   stateful   after %u clients that closed nothing\n", forgotten);
  check(forgotten > 0 && forgotten < 1000, "stateful: clients that die use the server's memory up");
}

void scene_restart(void) {
  puts("-- a file server is killed and started again while a client reads");
  check(write_original(), "there is a file to fetch");
  int status = fetch_through_restart("stateless");
  check(status == 0 && copied() == FILE_BYTES, "stateless: the client tries again and gets the whole file");
  status = fetch_through_restart("stateful");
  check(status == 1 && copied() < FILE_BYTES && (complained_of("error 9") || complained_of("no answer")),
        "stateful: the new server does not know what the client had open");
  show_orphans();
}
