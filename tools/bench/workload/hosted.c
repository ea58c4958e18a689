// Runs a workload as a program of the host: what its C costs without an emulator between.

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "workload.h"

int main(int argument_count, char **arguments) {
  if (argument_count != 2) {
    fprintf(stderr, "usage: %s ITERATIONS\n", arguments[0]);
    return 2;
  }
  if (workload.prepare)
    workload.prepare();
  uint64_t iterations = strtoull(arguments[1], NULL, 10);
  uint64_t checksum = workload.checksum;
  for (uint64_t i = 0; i < iterations && checksum == workload.checksum; i++)
    checksum = workload.run();
  printf("%s: checksum 0x%016" PRIx64 "\n", workload.name, checksum);
  return checksum != workload.checksum;
}
