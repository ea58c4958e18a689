#include "configuration.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 512 };

// What is wrong with the line, or null. An empty line leaves `service->program` null.
static const char *parse(char *line, const char *folder, struct service *service) {
  char *rest;
  line[strcspn(line, "#\n")] = '\0';
  char *name = strtok_r(line, " \t", &rest);
  if (name == NULL)
    return NULL;
  char *path = strtok_r(NULL, " \t", &rest);
  char *kind = strtok_r(NULL, " \t", &rest);
  char *program = strtok_r(NULL, " \t", &rest);
  if (program == NULL)
    return "expected NAME SOCKET wait|nowait PROGRAM ARGUMENT...";
  if (strcmp(kind, "wait") != 0 && strcmp(kind, "nowait") != 0)
    return "the third word is wait or nowait";
  service->wait = strcmp(kind, "wait") == 0;

  int length = snprintf(service->name, NAME_BYTES, "%s", name);
  if (length >= NAME_BYTES)
    return "the name is too long";
  length = path[0] == '/' ? snprintf(service->socket_path, PATH_BYTES, "%s", path)
                          : snprintf(service->socket_path, PATH_BYTES, "%s/%s", folder, path);
  if (length >= PATH_BYTES)
    return "the socket's path is too long";

  service->program = strdup(program);
  service->arguments[0] = service->program;
  unsigned count = 1;
  for (char *word; (word = strtok_r(NULL, " \t", &rest)) != NULL; count++) {
    if (count > ARGUMENTS)
      return "too many arguments";
    service->arguments[count] = strdup(word);
  }
  return NULL;
}

int configuration_read(const char *path, const char *folder, struct service services[SERVICES]) {
  FILE *file = fopen(path, "r");
  if (file == NULL) {
    perror(path);
    return -1;
  }
  int count = 0;
  const char *error = NULL;
  char line[LINE_BYTES];
  for (unsigned number = 1; error == NULL && fgets(line, sizeof line, file) != NULL; number++) {
    struct service service = {.listener = -1};
    error = parse(line, folder, &service);
    if (error == NULL && service.program != NULL && count == SERVICES)
      error = "too many services";
    if (error != NULL)
      fprintf(stderr, "%s:%u: %s\n", path, number, error);
    else if (service.program != NULL)
      services[count++] = service;
  }
  fclose(file);
  return error == NULL ? count : -1;
}
