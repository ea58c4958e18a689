// journal FOLDER: writes one file after the other, larger and larger, and says which is synced.

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WORDS 200

int main(int count, char **arguments) {
  if (count != 2)
    return 2;
  for (int number = 0;; number++) {
    char path[256], new_path[256];
    snprintf(path, sizeof path, "%s/file%d", arguments[1], number);
    snprintf(new_path, sizeof new_path, "%s/new", arguments[1]);
    FILE *file = fopen(new_path, "w");
    if (file == NULL)
      break;
    for (int word = 0; word < WORDS * (number + 1); word++)
      fprintf(file, "%d %d\n", number, word);
    if (fflush(file) != 0 || rename(new_path, path) != 0 || fsync(fileno(file)) != 0)
      break;
    fclose(file);
    printf("synced %d\n", number);
    fflush(stdout);
  }
  perror("journal");
  return 1;
}
