// Says who it is and what it was started with.

#include <stdio.h>
#include <unistd.h>

int main(int count, char **arguments) {
  printf("Hello from process %d", getpid());
  for (int i = 1; i < count; i++)
    printf("%s%s", i == 1 ? ", started with: " : " ", arguments[i]);
  putchar('\n');
  return 0;
}
