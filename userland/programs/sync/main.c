// Has everything that was written put on disk.

#include <unistd.h>

int main(void) {
  sync();
  return 0;
}
