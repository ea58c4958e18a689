// Says who it is and what it was started with.

#include "print.h"
#include "program.h"
#include "system.h"

int main(int count, const char *const arguments[]) {
  print("Hello from process %ld", process_id());
  for (int i = 1; i < count; i++)
    print("%s%s", i == 1 ? ", started with: " : " ", arguments[i]);
  print("\n");
  return 0;
}
